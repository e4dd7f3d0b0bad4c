const oneYear = 365 * 24 * 60 * 60;

/** Headers that keep browsers strict, on every answer. */
export function setSecurityHeaders(headers: Headers, siteUrl: string): void {
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  headers.set('referrer-policy', 'strict-origin-when-cross-origin');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('permissions-policy', 'camera=(), geolocation=(self), microphone=(), payment=(), usb=()');
  // Over plain HTTP browsers ignore it, and on a development machine it would lock out other projects.
  if (siteUrl.startsWith('https:')) {
    headers.set('strict-transport-security', `max-age=${oneYear}; includeSubDomains`);
  }
}

/** For what is no page: should a browser show it as one, it can do nothing. */
export const inertContentPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * The Content-Security-Policy of a page. Scripts are our own files, and those inline ones that carry the nonce of
 * this very answer (pages rendered for the request) or have a known hash (pages prerendered at the build).
 */
export function pageContentPolicy(options: {
  nonce: string;
  hashes: readonly string[];
  development: boolean;
}): string {
  const { nonce, hashes, development } = options;
  const inline = [`'nonce-${nonce}'`, ...hashes.map((hash) => `'sha256-${hash}'`)];
  return [
    "default-src 'self'",
    // React's development build needs eval to show where an error on the server came from.
    ["script-src 'self'", ...inline, ...(development ? ["'unsafe-eval'"] : [])].join(' '),
    `style-src 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
