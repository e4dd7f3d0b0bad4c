import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/**
 * Rejects a compressed body: its decoded size could not be limited without decompressing it.
 *
 * @throws HttpError `unsupported_media_type`
 */
export function checkContentEncoding(request: HttpRequest): void {
  const encoding = request.headers.get('content-encoding');
  if (encoding === null || encoding.toLowerCase() === 'identity') return;
  throw new HttpError('unsupported_media_type', { message: 'Send the body without Content-Encoding.' });
}
