import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { Identity } from '#server/identity/identity.ts';
import { createLogger } from '#server/observability/log.ts';
import { copyToPostgres } from '#server/storage/copy-to-postgres.ts';
import { type StorageEnv, storageEnv } from '#tests/mail/support.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { describeWith } from '#tests/support/skip.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import {
  beginAt,
  device,
  finishAt,
  openDatabaseOf,
  secret,
  signInAt,
  siteUrl,
  startInstance,
  userOf,
} from './instance.ts';

let provider: IdentityProvider;

beforeAll(async () => {
  provider = await startIdentityProvider({ siteUrl });
});
afterAll(() => provider.close());

/** Starts an instance on its own connections. */
function instance(storage: StorageEnv, redisUrl?: string, secrets?: string): Identity {
  return startInstance({ storage, provider, redisUrl, ...(secrets === undefined ? {} : { secrets }) });
}

/** Stops the clock of the caches: whatever is known then was told. @returns a function that moves it */
function stopClock(): (milliseconds: number) => Promise<void> {
  let time = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  return async (milliseconds) => {
    time += milliseconds;
    // The cache reads the clock at most once in a millisecond.
    await delay(10);
  };
}
afterEach(() => void vi.restoreAllMocks());

onEachStorage((storage) => {
  test('a session that one instance began is known to the other, and ends there when it ends here', async () => {
    const [here, there] = [instance(storage()), instance(storage())];
    const cookie = await signInAt(here, there);
    const user = await userOf(here, cookie);
    const pass = stopClock();
    here.forgetSessions();
    there.forgetSessions();
    await userOf(there, cookie);
    await here.revokeSession(user, user.session?.id ?? '', device);
    expect((await there.find(cookie)).kind).toBe('user');
    expect(await here.find(cookie)).toEqual({ kind: 'ended' });
    await pass(limits.identity.sessionFreshFor + 1);
    expect(await there.find(cookie)).toEqual({ kind: 'ended' });
  });

  test('two callbacks of one sign-in at two instances sign in once', async () => {
    const [here, there] = [instance(storage()), instance(storage())];
    const begun = await beginAt(here);
    const outcomes = await Promise.allSettled([here, there].map((each) => finishAt(each, begun)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('sign-ins that one browser finishes at the same moment leave one session', async () => {
    const instances = [instance(storage()), instance(storage()), instance(storage())];
    const [here = instance(storage())] = instances;
    const begun = [await beginAt(here)];
    for (const each of instances.slice(1)) {
      begun.push(await beginAt(each, { browser: begun[0]?.browser }));
    }
    const cookies = await Promise.all(begun.map((each, index) => finishAt(instances[index] ?? here, each)));
    const found = await Promise.all(cookies.map((cookie) => here.find(cookie)));
    expect(found.map(({ kind }) => kind).sort()).toEqual(['ended', 'ended', 'user']);
  });

  test('first sign-ins of one person at two instances make one user', async () => {
    const [here, there] = [instance(storage()), instance(storage())];
    const cookies = await Promise.all([signInAt(here, here), signInAt(there, there), signInAt(here, there)]);
    const ids = await Promise.all(cookies.map(async (cookie) => (await userOf(here, cookie)).id));
    expect(new Set(ids).size).toBe(1);
  });
});

describeWith('redis')('with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());

  test('the other instance knows at once that a session has ended', async () => {
    const storage = await storageEnv(undefined);
    const [here, there] = [instance(storage, redis.url), instance(storage, redis.url)];
    const cookie = await signInAt(here, there);
    const user = await userOf(here, cookie);
    stopClock();
    await vi.waitFor(async () => {
      await userOf(there, cookie);
      await here.revokeOtherSessions(user, device);
    });
    await here.revokeSession(user, user.session?.id ?? '', device);
    await vi.waitFor(async () => expect(await there.find(cookie)).toEqual({ kind: 'ended' }), 5_000);
  });
});

test('the secrets can be rotated: sessions stay as long as their secret is listed', async () => {
  const storage = await storageEnv(undefined);
  const cookie = await signInAt(instance(storage), instance(storage));
  const after = async (secrets: string) => (await instance(storage, undefined, secrets).find(cookie)).kind;
  expect(await after(`a new secret that all instances share,${secret}`)).toBe('user');
  expect(await after('a new secret that all instances share')).toBe('none');
});

describeWith('postgres')('moving from SQLite to PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres.close());
  const log = createLogger({ level: 'silent' });

  test('takes users, their sessions, places and history along', async () => {
    const before = await storageEnv(undefined);
    const old = instance(before);
    const cookie = await signInAt(old, old);
    const user = await userOf(old, cookie);
    const places = [{ name: 'Oslo', lat: 59.91, lng: 10.75 }];
    await old.savedPlaces.put(user.id, places);

    const after = await storageEnv(postgres);
    const url = after.DATABASE_URL ?? '';
    const counts = Object.fromEntries(
      (await copyToPostgres({ dataDir: before.DATA_DIR, url, log })).map(({ table, copied }) => [
        table,
        copied,
      ]),
    );
    expect(counts).toMatchObject({ user_account: 1, user_identity: 1, user_session: 1, saved_places: 1 });
    expect(await copyToPostgres({ dataDir: before.DATA_DIR, url, log })).toContainEqual({
      table: 'user_session',
      copied: 0,
      skipped: 1,
    });

    const moved = instance(after);
    expect((await userOf(moved, cookie)).id).toBe(user.id);
    expect(await moved.savedPlaces.get(user.id)).toEqual(places);
    expect((await moved.history(user)).map(({ kind }) => kind)).toEqual(['signed_in']);
    expect((await userOf(moved, await signInAt(moved, moved))).id).toBe(user.id);
  });

  test('that is repeated does not bring back a session that has ended since', async () => {
    const before = await storageEnv(undefined);
    const old = instance(before);
    const cookie = await signInAt(old, old);
    const after = await storageEnv(postgres);
    const copy = () => copyToPostgres({ dataDir: before.DATA_DIR, url: after.DATABASE_URL ?? '', log });
    await copy();
    const moved = instance(after);
    await moved.signOut(cookie, device);
    moved.startSweeping();
    const { queries } = await openDatabaseOf(after);
    const sessions = async () => (await queries.selectFrom('user_session').select('id').execute()).length;
    await vi.waitFor(async () => expect(await sessions()).toBe(0), 10_000);
    await copy();
    expect(await sessions()).toBe(0);
  });

  test('gives a user who has signed in there already the places and the history', async () => {
    const before = await storageEnv(undefined);
    const old = instance(before);
    const places = [{ name: 'Oslo', lat: 59.91, lng: 10.75 }];
    await old.savedPlaces.put((await userOf(old, await signInAt(old, old))).id, places);
    const after = await storageEnv(postgres);
    const moved = instance(after);
    const user = await userOf(moved, await signInAt(moved, moved));
    const copied = await copyToPostgres({ dataDir: before.DATA_DIR, url: after.DATABASE_URL ?? '', log });
    expect(copied).toContainEqual({ table: 'user_account', copied: 0, skipped: 1 });
    expect(await moved.savedPlaces.get(user.id)).toEqual(places);
    expect(await moved.history(user)).toHaveLength(2);
    expect(await moved.listSessions(user)).toHaveLength(1);
  });
});
