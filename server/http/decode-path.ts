import { HttpError } from './http-error.ts';

/**
 * Decodes the percent-encoding of a path or of one of its segments.
 *
 * @throws HttpError `invalid_input` if an escape sequence is malformed
 */
export function decodePathSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    // biome-ignore lint/style/noRestrictedGlobals: the only call, because its exception is caught here
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HttpError('invalid_input', { message: 'The path cannot be decoded.', cause });
  }
}
