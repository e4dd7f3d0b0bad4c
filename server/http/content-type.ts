import { mediaTypeOf } from '../lib/media-type.ts';
import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/**
 * Returns whether a Content-Type header stands for JSON. Its parameters have no effect, charset included, because JSON is
 * always UTF-8 (RFC 8259, sections 8.1 and 11).
 */
export function isJsonContentType(contentType: string | null): boolean {
  return contentType === 'application/json' || mediaTypeOf(contentType) === 'application/json';
}

/**
 * Rejects a request whose body is not declared as JSON.
 *
 * @throws HttpError `unsupported_media_type`
 */
export function requireJson(request: HttpRequest): void {
  if (isJsonContentType(request.headers.get('content-type'))) return;
  throw new HttpError('unsupported_media_type', { message: 'Send application/json.' });
}
