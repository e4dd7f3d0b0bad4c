import type { Env } from '../config/env.ts';
import type { ResponseHeaders } from './response.ts';

const oneYear = 365 * 24 * 60 * 60;

const strict = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(self), microphone=(), payment=(), usb=()',
};
const strictOverTls = { ...strict, 'strict-transport-security': `max-age=${oneYear}` };
const strictWithSubdomains = {
  ...strict,
  'strict-transport-security': `max-age=${oneYear}; includeSubDomains`,
};

export type SecuritySettings = Pick<Env, 'SITE_URL' | 'HSTS_SUBDOMAINS'>;

/** Returns the security headers that every response carries. */
export function securityHeaders({ SITE_URL, HSTS_SUBDOMAINS }: SecuritySettings): Readonly<ResponseHeaders> {
  // Browsers ignore Strict-Transport-Security over plain HTTP. Sent for localhost over HTTPS, it would break the other
  // projects of a development machine.
  if (!SITE_URL.startsWith('https:')) return strict;
  return HSTS_SUBDOMAINS ? strictWithSubdomains : strictOverTls;
}

/**
 * Content-Security-Policy of everything except pages: if a browser renders the response, it can load and run nothing.
 */
export const inertContentPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * Returns the Content-Security-Policy of a page. It allows scripts from this origin, and inline scripts that carry the
 * nonce of the response (pages rendered per request) or have a known hash (pages prerendered by the build).
 *
 * @param options.imageSources of pictures elsewhere, such as `https:`
 * @param options.connectSources origins elsewhere to which pages send requests
 */
export function pageContentPolicy(options: {
  nonce: string;
  hashes: readonly string[];
  imageSources: readonly string[];
  connectSources?: readonly string[];
  development: boolean;
}): string {
  const { nonce, hashes, imageSources, connectSources = [], development } = options;
  const inline = [`'nonce-${nonce}'`, ...hashes.map((hash) => `'sha256-${hash}'`)];
  return [
    "default-src 'self'",
    // React's development build needs eval to reconstruct the stack of a server error in the browser.
    ["script-src 'self'", ...inline, ...(development ? ["'unsafe-eval'"] : [])].join(' '),
    `style-src 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    ["img-src 'self' data: blob:", ...imageSources].join(' '),
    ...(connectSources.length > 0 ? [["connect-src 'self'", ...connectSources].join(' ')] : []),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
