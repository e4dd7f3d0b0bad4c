import { HttpError } from './http-error.ts';
import type { HttpRequest } from './request.ts';

/**
 * Refuses what a page of another site sends. A multipart POST needs no preflight, so the browser's word for
 * where a request comes from is all that stands between a foreign page and a mutation. Callers that are no
 * browsers send neither header and pass.
 *
 * A page cannot choose its Origin header, so one that the operator listed passes wherever it is. The Host header
 * is never asked: the caller chooses that one.
 *
 * @param siteUrl where this product is served
 * @throws Refusal `cross_origin`
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
