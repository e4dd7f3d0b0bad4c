import type { JWTVerifyGetKey } from 'jose';
import { limits } from '../config/limits.ts';
import { isRecord } from '../lib/is-record.ts';
import { signatureAlgorithms } from './jwt.ts';

const { logoutTokenAge, tokenClockTolerance } = limits.identity;

/** The end of one session of a user at the provider, or of all. At least one of both is set. */
export type ProviderLogout = {
  /** The provider's id of its session. Undefined if all sessions of the user end. */
  sid: string | undefined;
  subject: string | undefined;
  /** Unique id of the token. */
  tokenId: string;
};

const event = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). Without `events`, or with a nonce, it is
 * another token of the provider.
 *
 * @throws the error of jose, or of the request for the provider's keys
 */
export async function verifyLogoutToken(
  token: string,
  options: { issuer: string; clientId: string; keys: JWTVerifyGetKey },
): Promise<ProviderLogout> {
  const { errors, jwtVerify } = await import('jose');
  const { payload, protectedHeader } = await jwtVerify(token, options.keys, {
    issuer: options.issuer,
    audience: options.clientId,
    algorithms: signatureAlgorithms,
    requiredClaims: ['iat', 'exp', 'jti', 'events'],
    clockTolerance: tokenClockTolerance / 1_000,
    maxTokenAge: logoutTokenAge / 1_000,
  });
  const { events, jti, nonce, sid, sub } = payload;
  const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? 'jwt';
  const isLogout = isRecord(events) && isRecord(events[event]) && nonce === undefined;
  const isNamed = typeof jti === 'string' && jti !== '';
  if (!(isLogout && isNamed && (type === 'logout+jwt' || type === 'jwt'))) {
    throw new errors.JWTInvalid('not a logout token');
  }
  if (!((sid === undefined || typeof sid === 'string') && (sid !== undefined || sub !== undefined))) {
    throw new errors.JWTInvalid('the logout token names no session');
  }
  return { sid, subject: sub, tokenId: jti };
}
