/**
 * Returns the media type of a Content-Type header in lower case and without its parameters
 * (`text/html; charset=utf-8` becomes `text/html`), or an empty string if there is no header.
 */
export function mediaTypeOf(contentType: string | null | undefined): string {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
