import { limits } from '../config/limits.ts';

/** Characters of a path, query and fragment (RFC 3986). A backslash or control character is none of them. */
const pathCharacters = /^\/[\w.~!$&'()*+,;=:@%/?#-]*$/;

/**
 * Areas that no sign-in returns to: they are not pages, and `/auth` would begin or end another session. No page has an
 * encoded character in its first segment, which could hide the name of an area.
 */
const notPages = /^\/(?:(?:auth|api)(?:\/|$)|[^/]*%)/i;

/**
 * Returns the page to return to after a sign-in: a path of this site with its query and fragment, in the URL parser's
 * form. Any other text gives `/`.
 *
 * @param siteUrl public URL of this product
 */
export function returnPathOf(text: string | null | undefined, siteUrl: string): string {
  if (!text || text.length > limits.identity.returnPathLength || !pathCharacters.test(text)) return '/';
  const { origin } = new URL(siteUrl);
  const url = URL.parse(text, origin);
  if (url?.origin !== origin) return '/';
  const path = `${url.pathname}${url.search}${url.hash}`;
  // `/.//host` is parsed to the path `//host`, which a browser would take for another site.
  if (path.startsWith('//') || notPages.test(url.pathname)) return '/';
  return path;
}
