import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/** JSON, with no parameter except `charset=utf-8`: JSON has no other encoding (RFC 8259, section 8.1). */
const json = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Returns whether a Content-Type header stands for JSON in UTF-8. */
export function isJsonContentType(contentType: string | null): boolean {
  return contentType !== null && json.test(contentType);
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
