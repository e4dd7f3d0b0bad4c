import type { ErrorReason } from '#server/errors.ts';

/** Returns whether a call failed because of an upstream. The message of such an error does not name what is missing. */
export function isUpstreamFailure(reason: ErrorReason): boolean {
  return reason.startsWith('upstream_');
}
