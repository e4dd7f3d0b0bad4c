import { type Cookie, readCookie } from './cookie.ts';
import { isFromThisSite } from './csrf.ts';
import type { HeaderLookup } from './request.ts';

/** The session. Only pages of this site send it. */
export const sessionCookie: Cookie = { name: 'session', sameSite: 'Strict' };
/** Binds a sign-in to the browser that began it. Lax, because the provider sends the browser back. */
export const browserCookie: Cookie = { name: 'sign-in', sameSite: 'Lax' };
/** Lets scripts of this site know that there is a session. It grants no rights. */
export const signedInCookie: Cookie = { name: 'signed-in', sameSite: 'Strict', readable: true };

/**
 * Returns the session cookie of a request, or undefined if it does not count. It counts only for requests of this site's
 * own pages and of the address bar: SameSite=Strict alone would also let pages of sibling domains use it.
 */
export function sessionCookieOf(headers: HeaderLookup, siteUrl: string): string | undefined {
  const value = readCookie(headers, sessionCookie, siteUrl);
  return value !== undefined && isFromThisSite(headers, siteUrl) ? value : undefined;
}
