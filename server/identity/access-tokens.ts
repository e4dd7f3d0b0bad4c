import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { storageErrorsAs } from '../storage/storage-errors.ts';
import type { TokenTarget } from '../upstream-client/user-token.ts';
import type { Provider, RefreshedTokens } from './provider.ts';
import type { ClaimedRoles } from './roles.ts';
import { randomSecret } from './session-token.ts';

const { refreshLease, leaseRenewal, leasePoll, refreshDeadline, refreshWriteDeadline, tokensInMemory } =
  limits.identity;

/** The session that a token belongs to. */
type TokenOwner = { id: string; userId: string };

export type AccessTokens = {
  /**
   * Returns an access token of a session, for requests to one backend. A token that is about to end is refreshed, by one
   * process at a time: many providers revoke a session if a refresh token is used twice.
   *
   * @param options.signal ends the wait of this call. A request to the provider continues
   * @param options.refused a token that the backend did not accept, although it had not ended
   * @throws AppError `session_ended`, `reauthentication_required` if the provider gave no refresh token or the user has
   * not granted this one, or `identity_unavailable`
   */
  get(
    owner: TokenOwner,
    target: TokenTarget,
    options?: { signal?: AbortSignal | undefined; refused?: string | undefined },
  ): Promise<string>;
};

const withStorageErrors = storageErrorsAs('identity_unavailable');

type KnownToken = { token: string; useUntil: number };

/** How tokens are sealed in the database. */
export type TokenSeal = {
  seal(text: string, place: string): string;
  open(sealed: string, place: string): string | undefined;
};

export function createAccessTokens(options: {
  open: () => Promise<Database>;
  seal: TokenSeal;
  provider: Pick<Provider, 'refresh' | 'revoke'>;
  /** Place of the refresh token of a session, for the seal. */
  refreshTokenPlace: (sessionId: string) => string;
  /** Ends a session whose refresh token the provider has refused, unless it was refreshed meanwhile. */
  endRefused: (owner: TokenOwner, generation: number) => Promise<boolean>;
  /** Receives the roles of a refreshed ID token. Does not throw. */
  applyRoles: (owner: TokenOwner, claimed: ClaimedRoles) => Promise<void>;
  record?: (outcome: RefreshOutcome) => void;
}): AccessTokens {
  const { open, seal, provider, refreshTokenPlace, endRefused, applyRoles, record = () => {} } = options;
  const known = new LRUCache<string, KnownToken>({ max: tokensInMemory });
  /** The running refresh of each session: one refresh token serves all backends, so they take turns. */
  const running = new Map<string, { key: string; refused: string | undefined; token: Promise<string> }>();

  /** Returns a token from the database if it can still be used, and what a refresh needs. */
  async function read(owner: TokenOwner, target: TokenTarget, key: string) {
    const db = await open();
    const row = await db.queries
      .selectFrom('user_session as session')
      .leftJoin('access_token as token', (join) =>
        join
          .onRef('token.session_id', '=', 'session.id')
          .on('token.audience', '=', audienceOf(target))
          .on('token.scope', '=', scopeOf(target)),
      )
      .select([
        'session.generation',
        'session.refresh_token_sealed',
        'token.token_sealed',
        'token.use_until',
        db.now().as('now'),
      ])
      .where('session.id', '=', owner.id)
      .where('session.ended_at', 'is', null)
      .executeTakeFirst();
    if (!row) throw new AppError('session_ended');
    const {
      generation,
      refresh_token_sealed: refreshSealed,
      token_sealed: sealed,
      use_until: useUntil,
    } = row;
    const lasts = useUntil === null ? 0 : useUntil - Number(row.now);
    const token = sealed !== null && lasts > 0 ? seal.open(sealed, placeOf(owner, target)) : undefined;
    if (token !== undefined) known.set(key, { token, useUntil: performance.now() + lasts });
    return { token, generation, refreshSealed };
  }

  async function load(owner: TokenOwner, target: TokenTarget, key: string, refused: string | undefined) {
    const deadline = performance.now() + refreshDeadline;
    while (performance.now() < deadline) {
      const { token, generation, refreshSealed } = await read(owner, target, key);
      if (token !== undefined && token !== refused) return token;
      if (refreshSealed === null) throw new AppError('reauthentication_required');
      const refreshToken = seal.open(refreshSealed, refreshTokenPlace(owner.id));
      // The secret that sealed it is no longer there.
      if (refreshToken === undefined) throw new AppError('reauthentication_required');
      const lease = await takeLease(owner.id, generation);
      if (lease === undefined) {
        await delay(leasePoll.min + Math.random() * (leasePoll.max - leasePoll.min));
        continue;
      }
      // SQLite commits each statement, so the token may have been stored between the look-up and the lease.
      const stored = await read(owner, target, key);
      if (stored.token !== undefined && stored.token !== refused) {
        await giveBack(lease);
        return stored.token;
      }
      const refreshed = await refresh(owner, target, { refreshToken, generation, lease });
      if (refreshed === undefined) continue;
      known.set(key, refreshed);
      return refreshed.token;
    }
    throw new AppError('identity_unavailable');
  }

  /** @returns undefined if another process has it, or has refreshed meanwhile */
  async function takeLease(sessionId: string, generation: number): Promise<string | undefined> {
    const db = await open();
    const lease = randomSecret();
    const row = await db.write((queries) =>
      queries
        .updateTable('user_session')
        .set({ lease, lease_until: after(db, refreshLease) })
        .where('id', '=', sessionId)
        .where('generation', '=', generation)
        .where('ended_at', 'is', null)
        .where((or) => or.or([or('lease_until', 'is', null), or('lease_until', '<', db.now())]))
        .returning('id')
        .executeTakeFirst(),
    );
    return row && lease;
  }

  async function renewLease(lease: string): Promise<void> {
    const db = await open();
    await db.write((queries) =>
      queries
        .updateTable('user_session')
        .set({ lease_until: after(db, refreshLease) })
        .where('lease', '=', lease)
        .execute(),
    );
  }

  async function giveBack(lease: string): Promise<void> {
    const db = await open();
    await db.write((queries) =>
      queries
        .updateTable('user_session')
        .set({ lease: null, lease_until: null })
        .where('lease', '=', lease)
        .execute(),
    );
  }

  /** @returns undefined if another process has refreshed meanwhile */
  async function refresh(
    owner: TokenOwner,
    target: TokenTarget,
    { refreshToken, generation, lease }: { refreshToken: string; generation: number; lease: string },
  ): Promise<KnownToken | undefined> {
    // A failure to renew only lets others begin sooner.
    const renewal = setInterval(() => void renewLease(lease).catch(() => undefined), leaseRenewal);
    try {
      const tokens = await provider.refresh(refreshToken, target);
      const writtenAt = performance.now();
      if (await write(owner, target, { generation, lease }, tokens)) {
        record('ok');
        if (tokens.claimed) await applyRoles(owner, tokens.claimed);
        return { token: tokens.accessToken, useUntil: writtenAt + tokens.useFor };
      }
      // The session has ended, or another process was faster. A new refresh token would outlive the session.
      if (tokens.refreshToken !== null) void provider.revoke(tokens.refreshToken);
      return undefined;
    } catch (error) {
      if (isAppError(error) && error.reason === 'session_ended') {
        record('refused');
        if (await endRefused(owner, generation)) throw error;
        return undefined;
      }
      record(isAppError(error) && error.reason === 'reauthentication_required' ? 'refused' : 'unavailable');
      await giveBack(lease).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /**
   * Stores refreshed tokens. The provider may not accept the previous refresh token again, so a database that fails is
   * tried again for a while.
   *
   * @returns false if the session has ended or another process has refreshed it
   */
  async function write(
    owner: TokenOwner,
    target: TokenTarget,
    held: { generation: number; lease: string },
    tokens: RefreshedTokens,
  ): Promise<boolean> {
    const deadline = performance.now() + refreshWriteDeadline;
    for (;;) {
      try {
        return await writeOnce(owner, target, held, tokens);
      } catch (error) {
        if (performance.now() >= deadline) throw error;
        await delay(leasePoll.max);
      }
    }
  }

  async function writeOnce(
    owner: TokenOwner,
    target: TokenTarget,
    { generation, lease }: { generation: number; lease: string },
    { accessToken, useFor, refreshToken }: RefreshedTokens,
  ): Promise<boolean> {
    const db = await open();
    return db.write(async (queries) => {
      const refreshSealed =
        refreshToken === null
          ? {}
          : { refresh_token_sealed: seal.seal(refreshToken, refreshTokenPlace(owner.id)) };
      const row = await queries
        .updateTable('user_session')
        .set({ ...refreshSealed, generation: generation + 1 })
        .where('id', '=', owner.id)
        .where('generation', '=', generation)
        .where('ended_at', 'is', null)
        .returning('id')
        .executeTakeFirst();
      if (!row) return false;
      const token = {
        token_sealed: seal.seal(accessToken, placeOf(owner, target)),
        use_until: after(db, useFor),
      };
      await queries
        .insertInto('access_token')
        .values({ session_id: owner.id, audience: audienceOf(target), scope: scopeOf(target), ...token })
        .onConflict((conflict) => conflict.columns(['session_id', 'audience', 'scope']).doUpdateSet(token))
        .execute();
      // Last, because SQLite commits each statement: without a token, others must not begin a refresh.
      await queries
        .updateTable('user_session')
        .set({ lease: null, lease_until: null })
        .where('id', '=', owner.id)
        .where('lease', '=', lease)
        .execute();
      return true;
    });
  }

  async function get(
    owner: TokenOwner,
    target: TokenTarget,
    { signal, refused }: { signal?: AbortSignal | undefined; refused?: string | undefined } = {},
  ): Promise<string> {
    const key = `${owner.id} ${audienceOf(target)} ${scopeOf(target)}`;
    for (;;) {
      signal?.throwIfAborted();
      const found = known.get(key);
      if (found && found.token !== refused && performance.now() < found.useUntil) return found.token;
      const other = running.get(owner.id);
      if (other) {
        const isSame = other.key === key && other.refused === refused;
        if (isSame) return untilAborted(other.token, signal);
        await untilAborted(
          other.token.catch(() => undefined),
          signal,
        );
        continue;
      }
      const token = withStorageErrors(() => load(owner, target, key, refused)).finally(() =>
        running.delete(owner.id),
      );
      running.set(owner.id, { key, refused, token });
      return untilAborted(token, signal);
    }
  }

  return { get };
}

/** Outcome of a request for new tokens, for the metrics. */
export type RefreshOutcome = 'ok' | 'refused' | 'unavailable';

const audienceOf = ({ parameter, value }: TokenTarget): string => `${parameter}:${value}`;
const scopeOf = ({ scopes }: TokenTarget): string => scopes.toSorted().join(' ');

/** A sealed token cannot be used as that of another session or backend. */
function placeOf({ id }: TokenOwner, target: TokenTarget): string {
  return `access_token token ${id} ${audienceOf(target)} ${scopeOf(target)}`;
}

function after(db: Database, milliseconds: number) {
  return sql<number>`${db.now()} + ${sql.val(Math.round(milliseconds))}`;
}

/** Waits for a promise until a signal aborts. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    aborted.promise.catch(() => undefined);
  }
}
