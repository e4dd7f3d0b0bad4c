import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/**
 * Rejects requests from pages of other sites. A multipart POST needs no preflight, so Sec-Fetch-Site and Origin are
 * the only protection of a mutation against a foreign page. Callers other than browsers send neither header and pass.
 *
 * A page cannot forge its Origin header, so every origin in the operator's list passes. The Host header is ignored,
 * because the caller controls it.
 *
 * @param siteUrl public URL of this product
 * @throws HttpError `cross_origin`
 */
export function rejectCrossOrigin(
  request: HttpRequest,
  { siteUrl, allowedOrigins }: { siteUrl: string; allowedOrigins: readonly string[] },
): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  if (site === 'same-origin' || site === 'none') return;
  if (origin !== null && allowedOrigins.includes(origin)) return;
  if (site === null && (origin === null || origin === new URL(siteUrl).origin)) return;
  throw new HttpError('cross_origin');
}
