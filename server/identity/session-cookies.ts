import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { SessionLookup, SignedInUser } from '../principal.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import type { Keyring } from './keyring.ts';
import type { Session } from './session-lookup.ts';
import { parseSessionToken, type SessionToken } from './session-token.ts';
import type { Sessions } from './sessions.ts';

/** Finds the sessions of cookies. */
export type SessionCookies = {
  /** Looks up a cookie. @throws AppError `identity_unavailable` */
  find(cookie: string): Promise<SessionLookup>;
  /** Returns the token in a cookie that this product made. Whether its session is open is not checked. */
  parse(cookie: string | undefined): SessionToken | undefined;
  /** Returns the open session of a cookie. */
  sessionOf(cookie: string | undefined): Promise<Session | undefined>;
};

const withStorageErrors = storageErrorsAs('identity_unavailable');

export function createSessionCookies(keyring: Keyring, sessions: Pick<Sessions, 'find'>): SessionCookies {
  /** Tokens by cookie: checking the tag costs more than the rest of a look-up. Whether a session has ended is not here. */
  const tokens = new LRUCache<string, SessionToken>({ max: limits.identity.sessionsInMemory });
  const parse = (cookie: string | undefined) =>
    cookie === undefined ? undefined : parseSessionToken(cookie, keyring);

  return {
    async find(cookie) {
      const token = tokens.get(cookie) ?? parse(cookie);
      if (!token) return { kind: 'none' };
      const session = await withStorageErrors(() => sessions.find(token));
      if (!session) return { kind: 'ended' };
      tokens.set(cookie, token);
      return { kind: 'user', user: toUser(session) };
    },
    parse,
    async sessionOf(cookie) {
      const token = parse(cookie);
      return token && sessions.find(token);
    },
  };
}

function toUser(session: Session): SignedInUser {
  const { user, roles, scopes, authenticationAge } = session;
  return { ...user, roles, scopes, authenticationAge, session };
}
