import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database, Queries } from '../storage/database.ts';
import { createSessionLookup, type Session, type SessionTimes } from './session-lookup.ts';
import { createSessionToken, hashOf, type SessionToken } from './session-token.ts';
import type { IdentitySettings } from './settings.ts';
import type { SessionEnd } from './tables.ts';

const { sessionsPerUser, sweptAtOnce } = limits.identity;

/** One session in the list of its user. */
export type SessionSummary = {
  id: string;
  device: string;
  createdAt: number;
  /** The session may have been used up to `limits.identity.touchInterval` later. */
  lastSeenAt: number;
};

type NewSession = {
  userId: string;
  issuer: string;
  subject: string;
  providerSid: string | null;
  /** Those that the provider gave. */
  roles: readonly string[];
  scopes: readonly string[];
  authenticatedAt: number;
  device: string;
  /** Hash of the binding cookie of the sign-in. */
  browserHash: string;
  /** Seals a token for the session with this id. */
  idToken: ((sessionId: string) => string) | null;
  refreshToken: ((sessionId: string) => string) | null;
};

export type EndedSession = {
  id: string;
  userId: string;
  device: string;
  idTokenSealed: string | null;
  refreshTokenSealed: string | null;
};

const endedColumns = ['id', 'user_id', 'device', 'id_token_sealed', 'refresh_token_sealed'] as const;

export type Sessions = {
  /**
   * Begins a session, and ends those that the same browser got by sign-ins that began at the same time, and those beyond
   * the maximum number.
   *
   * @returns the token, the time until the session ends in milliseconds, and the sessions that have ended
   */
  create(session: NewSession): Promise<{ token: SessionToken; lifetime: number; ended: EndedSession[] }>;
  /**
   * Returns the session of a token; undefined if it has ended. A result may be `limits.identity.sessionFreshFor` old,
   * unless the end of a session was announced to this process.
   */
  find(token: SessionToken): Promise<Session | undefined>;
  /** Stores that a session was used, if that is due. */
  touch(session: Session): Promise<void>;
  /** Returns the sessions of a user, the one used last first. */
  list(userId: string): Promise<SessionSummary[]>;
  /**
   * Ends a session.
   *
   * @param options.generation only if it was refreshed this often
   * @returns undefined if it had ended or belongs to another user
   */
  end(
    id: string,
    options: { userId: string; why: SessionEnd; generation?: number },
  ): Promise<EndedSession | undefined>;
  /**
   * Ends the sessions of a user.
   *
   * @param options.kept id of one that stays
   * @param options.identity only those that began with it
   */
  endAll(
    userId: string,
    options: { why: SessionEnd; kept?: string | undefined; identity?: { issuer: string; subject: string } },
  ): Promise<EndedSession[]>;
  /** Counts the sessions that have not ended. */
  count(): Promise<number>;
  /**
   * Ends the sessions that the provider has ended.
   *
   * @param options.sid the provider's id of one session; undefined for all of the subject
   */
  endByProvider(options: {
    issuer: string;
    sid: string | undefined;
    subject: string | undefined;
  }): Promise<EndedSession[]>;
  /** Makes the next look-up of each session ask the database. */
  forget(): void;
  /** Deletes sessions that are over. `onExpired` gets those that expired: their tokens can still be used. */
  sweep(onExpired: (expired: EndedSession[]) => Promise<void>): Promise<void>;
};

/**
 * Creates the sessions of signed-in users. The database has the truth; a session is kept in memory for
 * `limits.identity.sessionFreshFor`, so that the calls of one page cost one query.
 *
 * @param options.announceEnd announces to the other processes that sessions have ended
 */
export function createSessions(options: {
  open: () => Promise<Database>;
  times: SessionTimes;
  rolesByAddress: IdentitySettings['rolesByAddress'];
  announceEnd: () => Promise<void>;
}): Sessions {
  const { open, times, announceEnd } = options;
  const lookup = createSessionLookup(options);

  async function noteEnd(): Promise<void> {
    lookup.forget();
    await announceEnd();
  }

  /** Ends the sessions beyond the maximum number, first those that were not used for longest. */
  async function endSurplus(queries: Queries, db: Database, userId: string): Promise<EndedSession[]> {
    const surplus = await openSessionsOf(queries, userId)
      .select('id')
      .orderBy('last_seen_at', 'desc')
      .orderBy('created_at', 'desc')
      .execute();
    const ids = surplus.slice(sessionsPerUser).map(({ id }) => id);
    if (ids.length === 0) return [];
    const rows = await queries
      .updateTable('user_session')
      .set({ ended_at: db.now(), ended_why: 'too_many' })
      .where('id', 'in', ids)
      .where('ended_at', 'is', null)
      .returning(endedColumns)
      .execute();
    return rows.map(toEnded);
  }

  async function endAllButNewest(db: Database, browserHash: string): Promise<EndedSession[]> {
    const rows = await db.write((queries) => {
      const newest = queries
        .selectFrom('user_session')
        .select('id')
        .where('browser_hash', '=', browserHash)
        .where('ended_at', 'is', null)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(1);
      return queries
        .updateTable('user_session')
        .set({ ended_at: db.now(), ended_why: 'replaced' })
        .where('browser_hash', '=', browserHash)
        .where('ended_at', 'is', null)
        .where('id', '!=', newest)
        .returning(endedColumns)
        .execute();
    });
    return rows.map(toEnded);
  }

  return {
    async create(session) {
      const db = await open();
      const token = createSessionToken();
      const { lifetime } = times;
      const surplus = await db.write(async (queries) => {
        await queries
          .insertInto('user_session')
          .values({
            id: token.id,
            secret_hash: hashOf(token.secret),
            user_id: session.userId,
            issuer: session.issuer,
            subject: session.subject,
            provider_sid: session.providerSid,
            roles: JSON.stringify(session.roles),
            scopes: JSON.stringify(session.scopes),
            authenticated_at: session.authenticatedAt,
            created_at: db.now(),
            last_seen_at: db.now(),
            ends_at: sql<number>`${db.now()} + ${sql.val(Math.round(lifetime))}`,
            ended_at: null,
            ended_why: null,
            device: session.device,
            browser_hash: session.browserHash,
            id_token_sealed: session.idToken?.(token.id) ?? null,
            refresh_token_sealed: session.refreshToken?.(token.id) ?? null,
            generation: 0,
            lease: null,
            lease_until: null,
          })
          .execute();
        return endSurplus(queries, db, session.userId);
      });
      // After the commit, so that of two sign-ins at the same moment at least one sees both.
      const replaced = await endAllButNewest(db, session.browserHash);
      const ended = [...surplus, ...replaced];
      if (ended.length > 0) await noteEnd();
      return { token, lifetime, ended };
    },

    find: lookup.find,

    async touch(session) {
      if (!session.isTouchDue) return;
      // The other calls of this process need not store the same.
      session.isTouchDue = false;
      const db = await open();
      // Never creates a session: one that has ended meanwhile stays ended.
      await db.write((queries) =>
        queries
          .updateTable('user_session')
          .set({ last_seen_at: db.now() })
          .where('id', '=', session.id)
          .where('ended_at', 'is', null)
          .execute(),
      );
    },

    async list(userId) {
      const db = await open();
      const rows = await openSessionsOf(db.queries, userId)
        .select(['id', 'device', 'created_at', 'last_seen_at'])
        .where('ends_at', '>', db.now())
        .where('last_seen_at', '>', sql<number>`${db.now()} - ${sql.val(times.idle)}`)
        .orderBy('last_seen_at', 'desc')
        .orderBy('created_at', 'desc')
        .limit(sessionsPerUser)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        device: row.device,
        createdAt: row.created_at,
        lastSeenAt: row.last_seen_at,
      }));
    },

    async end(id, { userId, why, generation }) {
      const db = await open();
      const row = await db.write((queries) =>
        queries
          .updateTable('user_session')
          .set({ ended_at: db.now(), ended_why: why })
          .where('id', '=', id)
          .where('user_id', '=', userId)
          .where('ended_at', 'is', null)
          .$if(generation !== undefined, (query) => query.where('generation', '=', generation ?? 0))
          .returning(endedColumns)
          .executeTakeFirst(),
      );
      if (!row) return undefined;
      await noteEnd();
      return toEnded(row);
    },

    async endAll(userId, { why, kept, identity }) {
      const db = await open();
      const rows = await db.write((queries) => {
        let update = queries
          .updateTable('user_session')
          .set({ ended_at: db.now(), ended_why: why })
          .where('user_id', '=', userId)
          .where('ended_at', 'is', null);
        if (kept !== undefined) update = update.where('id', '!=', kept);
        if (identity)
          update = update.where('issuer', '=', identity.issuer).where('subject', '=', identity.subject);
        return update.returning(endedColumns).execute();
      });
      if (rows.length > 0) await noteEnd();
      return rows.map(toEnded);
    },

    async count() {
      const db = await open();
      const { count } = await db.queries
        .selectFrom('user_session')
        .select((eb) => eb.fn.countAll<number | bigint | string>().as('count'))
        .where('ended_at', 'is', null)
        .where('ends_at', '>', db.now())
        .where('last_seen_at', '>', sql<number>`${db.now()} - ${sql.val(times.idle)}`)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async endByProvider({ issuer, sid, subject }) {
      const db = await open();
      const rows = await db.write((queries) =>
        queries
          .updateTable('user_session')
          .set({ ended_at: db.now(), ended_why: 'provider' })
          .where('issuer', '=', issuer)
          .where('ended_at', 'is', null)
          .$if(sid !== undefined, (query) => query.where('provider_sid', '=', sid ?? ''))
          .$if(subject !== undefined, (query) =>
            query.where((eb) =>
              eb.or([
                eb('subject', '=', subject ?? ''),
                // A session of a version that did not store it.
                eb.and([
                  eb('subject', 'is', null),
                  eb(
                    'user_id',
                    'in',
                    eb
                      .selectFrom('user_identity')
                      .select('user_id')
                      .where('issuer', '=', issuer)
                      .where('subject', '=', subject ?? ''),
                  ),
                ]),
              ]),
            ),
          )
          .returning(endedColumns)
          .execute(),
      );
      if (rows.length > 0) await noteEnd();
      return rows.map(toEnded);
    },

    forget: lookup.forget,

    async sweep(onExpired) {
      const db = await open();
      const idleSince = sql<number>`${db.now()} - ${sql.val(times.idle)}`;
      for (;;) {
        const rows = await db.write((queries) =>
          queries
            .deleteFrom('user_session')
            .where('id', 'in', (eb) =>
              eb
                .selectFrom('user_session')
                .select('id')
                .where((or) =>
                  or.or([
                    or('ended_at', 'is not', null),
                    or('ends_at', '<=', db.now()),
                    or('last_seen_at', '<=', idleSince),
                  ]),
                )
                .limit(sweptAtOnce),
            )
            .returning([...endedColumns, 'ended_at'])
            .execute(),
        );
        await onExpired(rows.filter((row) => row.ended_at === null).map(toEnded));
        if (rows.length < sweptAtOnce) return;
      }
    },
  };
}

function openSessionsOf(queries: Queries, userId: string) {
  return queries.selectFrom('user_session').where('user_id', '=', userId).where('ended_at', 'is', null);
}

function toEnded(row: {
  id: string;
  user_id: string;
  device: string;
  id_token_sealed: string | null;
  refresh_token_sealed: string | null;
}): EndedSession {
  return {
    id: row.id,
    userId: row.user_id,
    device: row.device,
    idTokenSealed: row.id_token_sealed,
    refreshTokenSealed: row.refresh_token_sealed,
  };
}
