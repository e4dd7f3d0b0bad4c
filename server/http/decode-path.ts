import { HttpError } from './http-error.ts';

/**
 * Undoes the percent-encoding of a part of a path.
 *
 * @throws Refusal `invalid_input` when a `%` is malformed
 */
export function decodePathSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    // biome-ignore lint/style/noRestrictedGlobals: the one place where its exception is caught
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HttpError('invalid_input', { message: 'The path cannot be decoded.', cause });
  }
}
