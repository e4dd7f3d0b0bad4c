import { isLoopback, siteUrlOf } from './host.ts';
import { HttpError } from './http-error.ts';
import type { HeaderLookup, HttpRequest } from './request.ts';

/**
 * Rejects requests from pages of other sites. A multipart POST needs no preflight, so Origin and Sec-Fetch-Site are
 * the only protection of a mutation against a foreign page. Callers other than browsers send neither header and pass.
 *
 * A page cannot forge its Origin header. An origin that is present must be this site's or listed, whatever
 * Sec-Fetch-Site says: with DNS rebinding, a foreign page is same-origin.
 *
 * @param siteUrl public URL of this product
 * @throws HttpError `cross_origin`
 */
export function rejectCrossOrigin(
  request: Pick<HttpRequest, 'headers'>,
  { siteUrl, allowedOrigins }: { siteUrl: string; allowedOrigins: readonly string[] },
): void {
  const origin = request.headers.get('origin');
  if (origin !== null && allowedOrigins.includes(origin)) return;
  if (!isFromThisSite(request.headers, siteUrl)) throw new HttpError('cross_origin');
}

/**
 * Returns whether a request comes from a page of this site, from the address bar, or from a caller that is no browser.
 * An origin that is present must be this site's, whatever Sec-Fetch-Site says.
 */
export function isFromThisSite(headers: HeaderLookup, siteUrl: string): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('origin');
  return origin === null || isOwnOrigin(origin, siteUrl);
}

/** Returns whether an origin is the site's own. All names of this machine are the same for a site on this machine. */
function isOwnOrigin(origin: string, siteUrl: string): boolean {
  const site = siteUrlOf(siteUrl);
  if (origin === site.origin) return true;
  if (!isLoopback(site.hostname)) return false;
  const url = URL.parse(origin);
  return (
    url?.origin === origin &&
    isLoopback(url.hostname) &&
    url.port === site.port &&
    url.protocol === site.protocol
  );
}
