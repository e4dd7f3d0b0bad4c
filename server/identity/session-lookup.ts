import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import { rolesOf } from './roles.ts';
import { hasHash, type SessionToken } from './session-token.ts';
import type { IdentitySettings } from './settings.ts';

const { failedLookUpFreshFor, sessionFreshFor, sessionsInMemory, touchInterval } = limits.identity;

/** A session that has not ended. Times are milliseconds since the epoch, by the database's clock. */
export type Session = {
  id: string;
  user: { id: string; name: string | null; email: string | null };
  roles: readonly string[];
  scopes: readonly string[];
  /** Time since the user last proved who they are; Infinity if the provider did not say. In milliseconds. */
  authenticationAge: number;
  endsAt: number;
  /** When it ends unless it is used again. */
  idleUntil: number;
  /** Whether the last use must be stored. */
  isTouchDue: boolean;
};

/** Milliseconds. */
export type SessionTimes = { idle: number; lifetime: number };

type SessionLookup = {
  find(token: SessionToken): Promise<Session | undefined>;
  forget(): void;
};

type Loaded = { session: Session; secretHash: string };

const listSchema = z.array(z.string()).catch([]);
const listOf = (json: string): readonly string[] => listSchema.parse(JSON.parse(json));

/** Finds sessions in the database, and keeps them in memory for `limits.identity.sessionFreshFor`. */
export function createSessionLookup(options: {
  open: () => Promise<Database>;
  times: SessionTimes;
  rolesByAddress: IdentitySettings['rolesByAddress'];
}): SessionLookup {
  const { open, times, rolesByAddress } = options;
  const known = new LRUCache<string, Promise<Loaded | undefined>>({
    max: sessionsInMemory,
    ttl: sessionFreshFor,
  });
  let failure: { error: unknown; at: number } | undefined;
  /** The hash that the secret of a token has. Hashing it again would cost each call more than the look-up. */
  const verifiedHashes = new WeakMap<SessionToken, string>();

  async function load(id: string): Promise<Loaded | undefined> {
    const db = await open();
    const row = await db.queries
      .selectFrom('user_session as session')
      .innerJoin('user_account as user', 'user.id', 'session.user_id')
      .select([
        'session.secret_hash',
        'session.user_id',
        'session.roles',
        'session.scopes',
        'session.authenticated_at',
        'session.ends_at',
        'session.last_seen_at',
        'user.name',
        'user.email',
        'user.email_verified_at',
        db.now().as('now'),
      ])
      .where('session.id', '=', id)
      .where('session.ended_at', 'is', null)
      .where('user.disabled_at', 'is', null)
      .executeTakeFirst();
    if (!row) return undefined;
    const now = Number(row.now);
    const idleUntil = Math.min(row.last_seen_at + times.idle, row.ends_at);
    if (idleUntil <= now) return undefined;
    const verifiedEmail = row.email_verified_at === null ? null : row.email;
    return {
      secretHash: row.secret_hash,
      session: {
        id,
        user: { id: row.user_id, name: row.name, email: row.email },
        roles: rolesOf(listOf(row.roles), verifiedEmail, rolesByAddress),
        scopes: listOf(row.scopes),
        authenticationAge: row.authenticated_at === 0 ? Number.POSITIVE_INFINITY : now - row.authenticated_at,
        endsAt: row.ends_at,
        idleUntil,
        isTouchDue: row.last_seen_at + touchInterval <= now,
      },
    };
  }

  function loadOnce(id: string): Promise<Loaded | undefined> {
    const loading = known.get(id);
    if (loading) return loading;
    // Each call of a user would wait for the database that does not respond.
    if (failure && performance.now() - failure.at < failedLookUpFreshFor)
      return Promise.reject(failure.error);
    const started = load(id);
    known.set(id, started);
    started.catch((error: unknown) => {
      failure = { error, at: performance.now() };
      if (known.peek(id) === started) known.delete(id);
    });
    return started;
  }

  return {
    async find(token) {
      const loaded = await loadOnce(token.id);
      if (!loaded) return undefined;
      const { session, secretHash } = loaded;
      if (verifiedHashes.get(token) === secretHash) return session;
      if (!hasHash(token.secret, secretHash)) return undefined;
      verifiedHashes.set(token, secretHash);
      return session;
    },
    forget() {
      known.clear();
      failure = undefined;
    },
  };
}
