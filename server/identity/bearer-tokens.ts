import type { JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { SignedInUser } from '../principal.ts';
import type { Database } from '../storage/database.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import { type Claims, wordsOf } from './claims.ts';
import { signatureAlgorithms } from './jwt.ts';
import type { Provider } from './provider.ts';
import { claimedRolesOf, rolesOf } from './roles.ts';
import type { IdentitySettings, ProviderSettings } from './settings.ts';
import { findOrCreateTokenUser, type TokenUser } from './users.ts';

const { tokenClockTolerance, tokensInMemory, sessionsInMemory, sessionFreshFor } = limits.identity;

/** An access token of a user that was verified. */
export type VerifiedToken = {
  subject: string;
  claims: Claims;
  /** Milliseconds since the epoch, by the provider's clock. */
  endsAt: number;
};

/**
 * Verifies an access token of a user (RFC 9068, section 4). Tokens that a client got for itself are refused: they name no
 * user, and there are service keys.
 *
 * @param options.audience what the token must be for
 * @param options.clientId id of this product at the provider
 * @throws the error of jose, or of the request for the provider's keys
 */
export async function verifyAccessToken(
  token: string,
  options: { issuer: string; audience: string; clientId: string; keys: JWTVerifyGetKey },
): Promise<VerifiedToken> {
  const { errors, jwtVerify } = await import('jose');
  const { payload } = await jwtVerify(token, options.keys, {
    issuer: options.issuer,
    audience: options.audience,
    typ: 'at+jwt',
    algorithms: signatureAlgorithms,
    requiredClaims: ['exp', 'iat', 'sub'],
    clockTolerance: tokenClockTolerance / 1_000,
  });
  const { sub, exp, client_id: client, azp } = payload;
  // Auth0 adds a suffix to the id of a client that is its own subject.
  const owner = typeof sub === 'string' ? sub.replace(/@clients$/, '') : '';
  const isUser = ![client, azp, options.clientId, ''].includes(owner);
  if (typeof sub !== 'string' || exp === undefined || !isUser) {
    throw new errors.JWTInvalid('the access token names no user');
  }
  return { subject: sub, claims: payload, endsAt: exp * 1_000 };
}

/** Users of access tokens that callers send. */
export type BearerTokens = {
  /**
   * Returns the user of an access token. A user of whom nothing was known is created.
   *
   * @param audience what the token must be for
   * @returns undefined if the token is not valid, or the user is disabled
   * @throws AppError `identity_unavailable`
   */
  userOf(token: string, audience: string): Promise<SignedInUser | undefined>;
  /** Makes the next look-up of each user ask the database. */
  forget(): void;
};

const withStorageErrors = storageErrorsAs('identity_unavailable');

export function createBearerTokens(options: {
  open: () => Promise<Database>;
  provider: Pick<Provider, 'verifyAccessToken'>;
  settings: Pick<ProviderSettings, 'issuer' | 'rolesClaim'> & Pick<IdentitySettings, 'rolesByAddress'>;
}): BearerTokens {
  const { open, provider, settings } = options;
  const { issuer } = settings;
  /** Verified tokens by audience and token: a signature costs more than the rest of a call. */
  const verified = new LRUCache<string, VerifiedToken>({ max: tokensInMemory });
  const users = new LRUCache<string, Promise<TokenUser | undefined>>({
    max: sessionsInMemory,
    ttl: sessionFreshFor,
  });

  async function verify(token: string, audience: string): Promise<VerifiedToken | undefined> {
    const key = `${audience} ${token}`;
    const known = verified.get(key) ?? (await provider.verifyAccessToken(token, audience));
    if (!known) return undefined;
    if (known.endsAt + tokenClockTolerance <= Date.now()) {
      verified.delete(key);
      return undefined;
    }
    verified.set(key, known);
    return known;
  }

  function find(subject: string): Promise<TokenUser | undefined> {
    const known = users.get(subject);
    if (known) return known;
    const started = withStorageErrors(async () => findOrCreateTokenUser(await open(), { issuer, subject }));
    users.set(subject, started);
    started.catch(() => {
      if (users.peek(subject) === started) users.delete(subject);
    });
    return started;
  }

  return {
    async userOf(token, audience) {
      const found = await verify(token, audience);
      const user = found && (await find(found.subject));
      if (!found || !user) return undefined;
      const { claims } = found;
      const { isEmailVerified, ...profile } = user;
      const { auth_time: authTime, scope } = claims;
      return {
        ...profile,
        roles: rolesOf(
          claimedRolesOf(claims, settings.rolesClaim) ?? [],
          isEmailVerified ? user.email : null,
          settings.rolesByAddress,
        ),
        scopes: wordsOf(scope),
        authenticationAge:
          typeof authTime === 'number' ? Date.now() - authTime * 1_000 : Number.POSITIVE_INFINITY,
        session: null,
      };
    },

    forget: () => users.clear(),
  };
}
