import type { ResponseHeaders } from './response.ts';

const oneYear = 365 * 24 * 60 * 60;

const strict = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(self), microphone=(), payment=(), usb=()',
};
const strictOverTls = { ...strict, 'strict-transport-security': `max-age=${oneYear}; includeSubDomains` };

/** Headers that keep browsers strict, on every answer. */
export function securityHeaders(siteUrl: string): Readonly<ResponseHeaders> {
  // Over plain HTTP browsers ignore the last one, and on a development machine it would lock out other projects.
  return siteUrl.startsWith('https:') ? strictOverTls : strict;
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
