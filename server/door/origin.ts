import { Refusal } from './refusal.ts';

/**
 * Refuses what a page of another site sends. A multipart POST needs no preflight, so the browser's word for
 * where a request comes from is all that stands between a foreign page and a mutation. Callers that are no
 * browsers send neither header and pass.
 *
 * @param siteUrl where this product is served; the Host header is never asked, the caller chooses it
 * @throws Refusal `cross_origin`
 */
export function refuseCrossOrigin(request: Request, siteUrl: string): void {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null) {
    if (site === 'same-origin' || site === 'none') return;
    throw new Refusal('cross_origin');
  }
  const origin = request.headers.get('origin');
  if (origin !== null && origin !== new URL(siteUrl).origin) throw new Refusal('cross_origin');
}
