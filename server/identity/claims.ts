import { limits } from '../config/limits.ts';
import type { Profile } from './users.ts';

const { profileTextLength, grants } = limits.identity;

/** Claims of a provider about a user, from the ID token or the userinfo endpoint. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Joins the claims of the userinfo endpoint and of an ID token, which has precedence. Whether an address is verified is
 * taken only from a source of this very address.
 */
export function joinClaims(userInfo: Claims, idToken: Claims): Claims {
  const email = idToken.email ?? userInfo.email;
  const source = [idToken, userInfo].find(
    (claims) => claims.email === email && claims.email_verified !== undefined,
  );
  return { ...userInfo, ...idToken, email_verified: source?.email_verified };
}

/** Returns the profile that claims describe. Missing and unusable claims are null. */
export function profileOf(claims: Claims, { issuer, subject }: Pick<Profile, 'issuer' | 'subject'>): Profile {
  const email = textOf(claims.email);
  return {
    issuer,
    subject,
    name: textOf(claims.name) ?? textOf(claims.preferred_username),
    email,
    isEmailVerified: email !== null && claims.email_verified === true,
  };
}

/** Returns a text without control characters, or null. */
function textOf(claim: unknown): string | null {
  if (typeof claim !== 'string') return null;
  const text = claim.replace(/\p{C}/gu, '').trim();
  return text !== '' && text.length <= profileTextLength ? text : null;
}

/** Returns the words of a list, or of a text that separates them by spaces. */
export function wordsOf(claim: unknown): string[] {
  const words: unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return words
    .filter((word): word is string => typeof word === 'string' && /^[\x21-\x7e]{1,128}$/.test(word))
    .slice(0, grants);
}
