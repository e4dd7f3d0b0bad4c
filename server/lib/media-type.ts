/**
 * Returns the media type of a Content-Type header in lower case and without its parameters
 * (`text/html; charset=utf-8` becomes `text/html`), or an empty string if there is no header.
 */
export function mediaTypeOf(contentType: string | null | undefined): string {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** In a list of accepted media types: any valid one, and a missing one. */
export const anyMediaType = '*/*';

const validType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** @param mediaType without parameters; empty if it is missing */
export function acceptsMediaType(accepted: readonly string[], mediaType: string): boolean {
  if (!accepted.includes(anyMediaType)) return accepted.includes(mediaType);
  return mediaType === '' || validType.test(mediaType);
}
