import type { HeaderLookup } from './request.ts';

/** A cookie of this site, which no script can read unless it says so. */
export type Cookie = {
  /** Without the prefix that it has over HTTPS. */
  name: string;
  sameSite: 'Strict' | 'Lax';
  /** True if scripts may read it. */
  readable?: true;
};

/**
 * Returns the name under which the browser has a cookie. Over HTTPS, the prefix makes the browser refuse the cookie from
 * a sibling domain and, with `Http`, from a script (RFC 6265bis; browsers that do not know `__Host-Http-` treat it as
 * `__Host-`).
 *
 * @param siteUrl public URL of this product
 */
export function cookieNameOf({ name, readable }: Cookie, siteUrl: string): string {
  if (!siteUrl.startsWith('https:')) return name;
  return readable ? `__Host-${name}` : `__Host-Http-${name}`;
}

/** Returns the value of a cookie of a request; undefined if there is none. */
export function readCookie(headers: HeaderLookup, cookie: Cookie, siteUrl: string): string | undefined {
  const header = headers.get('cookie');
  if (header === null) return undefined;
  const start = `${cookieNameOf(cookie, siteUrl)}=`;
  // Most requests with cookies have none of this product.
  if (!header.includes(start)) return undefined;
  const pair = header
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(start));
  return pair?.slice(start.length);
}

/**
 * Returns the Set-Cookie header that sets a cookie, or deletes it. Both have the same attributes, without which browsers
 * would not delete it.
 *
 * @param options.maxAge in milliseconds; 0 deletes the cookie
 */
export function cookieHeader(
  cookie: Cookie,
  value: string,
  { maxAge, siteUrl }: { maxAge: number; siteUrl: string },
): string {
  return [
    `${cookieNameOf(cookie, siteUrl)}=${value}`,
    `Max-Age=${Math.floor(maxAge / 1_000)}`,
    'Path=/',
    `SameSite=${cookie.sameSite}`,
    ...(siteUrl.startsWith('https:') ? ['Secure'] : []),
    ...(cookie.readable ? [] : ['HttpOnly']),
  ].join('; ');
}
