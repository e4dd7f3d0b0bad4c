import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { type Loaded, ResponseCache, type SharedCache } from '#server/upstream-client/response-cache.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const windows = { freshFor: 1_000, staleIfErrorFor: 10_000 };
const revalidated = { ...windows, staleWhileRevalidateFor: 5_000 };
const begin = Date.parse('2026-06-01T00:00:00Z');
fakeClocks(begin);

type SharedEntry = NonNullable<Awaited<ReturnType<SharedCache['read']>>>;

/** The entry of the shared cache. */
let entry: SharedEntry | undefined;
/** Whether another instance holds the lock. */
let locked: boolean;
/** What this instance did with the shared cache, in order. */
let log: string[];
/** Called at each attempt to get the lock. */
let onAttempt: (attempts: number) => void;
let cache: ResponseCache<string>;
let loads: number;

beforeEach(() => {
  entry = undefined;
  locked = false;
  log = [];
  onAttempt = () => undefined;
  loads = 0;
  const shared: SharedCache = {
    read: async () => entry,
    async write(_, { text }, milliseconds) {
      log.push(`write ${text} for ${milliseconds}`);
    },
    async remove() {
      log.push('remove');
    },
    async acquireLock() {
      log.push('lock');
      onAttempt(log.filter((line) => line === 'lock').length);
      return locked ? undefined : () => log.push('release');
    },
  };
  cache = new ResponseCache({ maxBytes: 10_000, shared });
});

async function load(): Promise<Loaded<string>> {
  loads += 1;
  log.push('load');
  return { value: `loaded ${loads}`, bytes: 10, text: `text ${loads}` };
}

const source = { load, restore: (text: string) => ({ value: `restored ${text}`, bytes: 10 }) };
const failing = (error: Error) => ({ ...source, load: () => Promise.reject(error) });
const get = (own = windows, from = source) => cache.get('k', own, from);

describe('an entry of another instance', () => {
  test('is used without a request, with its age and the time at which it was stored', async () => {
    entry = { id: 'other', text: 'theirs', age: 900 };
    expect(await get()).toEqual({
      value: 'restored theirs',
      cache: 'hit',
      isStaleIfError: false,
      ageSeconds: 0,
      storedAt: new Date(begin - 900),
    });
    expect(log).toEqual([]);
    advance(100);
    entry = undefined;
    expect(await get()).toMatchObject({ value: 'loaded 1', cache: 'miss' });
  });

  test('is used while it is stale if the upstream fails', async () => {
    entry = { id: 'other', text: 'theirs', age: 9_999 };
    expect(await get(windows, failing(new Error('down')))).toMatchObject({
      value: 'restored theirs',
      cache: 'stale',
      isStaleIfError: true,
      ageSeconds: 9,
    });
  });

  test('is not called younger than it is: the time of the read is added to its age', async () => {
    let reads = 0;
    const slow: SharedCache = {
      async read() {
        reads += 1;
        advance(500);
        return { id: 'other', text: 'theirs', age: 600 };
      },
      write: async () => undefined,
      remove: async () => undefined,
      acquireLock: async () => () => undefined,
    };
    cache = new ResponseCache({ maxBytes: 10_000, shared: slow });
    expect(await get()).toMatchObject({ value: 'loaded 1', cache: 'miss' });
    expect(reads).toBe(2);
  });

  test('does not replace a younger one in memory', async () => {
    await get();
    advance(2_000);
    entry = { id: 'other', text: 'older', age: 3_000 };
    expect(await get(windows, failing(new Error('down')))).toMatchObject({
      value: 'loaded 1',
      ageSeconds: 2,
    });
  });

  test('replaces an older one in memory', async () => {
    await get();
    advance(2_000);
    entry = { id: 'other', text: 'younger', age: 500 };
    expect(await get()).toMatchObject({ value: 'restored younger', cache: 'hit' });
    expect(loads).toBe(1);
  });

  test('that cannot be restored is not used', async () => {
    entry = { id: 'other', text: 'theirs', age: 0 };
    const unusable = { ...source, restore: () => undefined };
    expect(await cache.get('k', windows, unusable)).toMatchObject({ value: 'loaded 1', cache: 'miss' });
  });

  test('is restored once, not at each refresh that finds it again', async () => {
    let restored = 0;
    entry = { id: 'other', text: 'theirs', age: 0 };
    const counting = {
      load: () => Promise.reject(new Error('down')),
      restore: (text: string) => {
        restored += 1;
        return source.restore(text);
      },
    };
    await get(windows, counting);
    advance(2_000);
    await get(windows, counting);
    expect(restored).toBe(1);
  });
});

describe('a loaded response', () => {
  test('is stored for the other instances before the lock is released, for its longest window', async () => {
    await get();
    expect(log).toEqual(['lock', 'load', 'write text 1 for 10000', 'release']);
  });

  test('without a text is kept in memory alone', async () => {
    const { text: _, ...loaded } = await load();
    log = [];
    await cache.get('k', windows, { load: async () => loaded, restore: () => undefined });
    expect(log).toEqual(['lock', 'release']);
  });

  test('that no other instance can restore needs no lock', async () => {
    entry = { id: 'other', text: 'theirs', age: 0 };
    expect(await cache.get('k', windows, { load })).toMatchObject({ value: 'loaded 1' });
    expect(log).toEqual(['load', 'write text 1 for 10000']);
  });
});

test('the lock is released after a failure', async () => {
  await expect(get(windows, failing(new Error('down')))).rejects.toThrow('down');
  expect(log).toEqual(['lock', 'release']);
});

describe('while another instance loads', () => {
  test('its response is awaited and used', async () => {
    locked = true;
    onAttempt = (attempts) => {
      if (attempts === 2) entry = { id: 'other', text: 'theirs', age: 0 };
    };
    expect(await get()).toMatchObject({ value: 'restored theirs', cache: 'hit' });
    expect(log).toEqual(['lock', 'lock']);
  });

  test('its response is used even if this instance gets the lock, which it releases', async () => {
    onAttempt = () => {
      entry = { id: 'other', text: 'theirs', age: 0 };
    };
    expect(await get()).toMatchObject({ value: 'restored theirs', cache: 'hit' });
    expect(log).toEqual(['lock', 'release']);
  });

  test('and does not finish in time, this instance loads too', async () => {
    locked = true;
    const { lockPolls, lockPollInterval } = limits.redis;
    const startedAt = process.hrtime.bigint();
    expect(await get()).toMatchObject({ value: 'loaded 1', cache: 'miss' });
    const waited = Number(process.hrtime.bigint() - startedAt) / 1e6;
    expect(waited).toBeGreaterThan((lockPolls * lockPollInterval) / 2);
    const attempts = Array.from({ length: 1 + lockPolls }, () => 'lock');
    expect(log).toEqual([...attempts, 'load', 'write text 1 for 10000']);
  });
});

describe('a refresh in the background', () => {
  /** Lets a refresh end that has nothing to wait for. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('loads under the lock', async () => {
    await get(revalidated);
    log = [];
    advance(2_000);
    expect(await get(revalidated)).toMatchObject({ value: 'loaded 1', cache: 'stale' });
    await settled();
    expect(log).toEqual(['lock', 'load', 'write text 2 for 10000', 'release']);
    expect(await get(revalidated)).toMatchObject({ value: 'loaded 2', cache: 'hit' });
  });

  test('leaves the load to another instance that holds the lock', async () => {
    await get(revalidated);
    log = [];
    locked = true;
    advance(2_000);
    await get(revalidated);
    await settled();
    expect(log).toEqual(['lock']);
    await get(revalidated);
    expect(log).toEqual(['lock', 'lock']);
  });

  test('uses the younger response of another instance instead of a request', async () => {
    await get(revalidated);
    log = [];
    advance(2_000);
    entry = { id: 'other', text: 'theirs', age: 100 };
    await get(revalidated);
    await settled();
    expect(log).toEqual(['lock', 'release']);
    expect(await get(revalidated)).toMatchObject({ value: 'restored theirs', cache: 'hit' });
  });

  test.each([
    ['an older response', 3_000, source],
    ['a response that cannot be restored', 100, { ...source, restore: () => undefined }],
  ])('sends a request if another instance has only %s', async (_, age, from) => {
    await get(revalidated);
    advance(2_000);
    entry = { id: 'other', text: 'theirs', age };
    await cache.get('k', revalidated, from);
    await settled();
    expect(loads).toBe(2);
  });

  test('that fails releases the lock', async () => {
    await get(revalidated);
    log = [];
    advance(2_000);
    await get(revalidated, failing(new Error('down')));
    await settled();
    expect(log).toEqual(['lock', 'release']);
  });

  test.each([
    ['a 404', true, new AppError('not_found')],
    ['a 500', false, new AppError('internal')],
    ['a 502', false, new AppError('upstream_bad_answer')],
    ['an error of this side', false, new Error('unforeseen')],
  ])('that ends with %s removes the entry everywhere: %s', async (_, removed, error) => {
    await get(revalidated);
    log = [];
    advance(2_000);
    await get(revalidated, failing(error));
    await settled();
    expect(log.includes('remove')).toBe(removed);
    const next = await get(revalidated, failing(new Error('down'))).catch(() => undefined);
    expect(next?.value).toBe(removed ? undefined : 'loaded 1');
  });
});

test.each([
  ['a 404', true, new AppError('not_found')],
  ['a 500', false, new AppError('internal')],
  ['a 502', false, new AppError('upstream_bad_answer')],
])('a request that ends with %s removes the entry everywhere: %s', async (_, removed, error) => {
  await get();
  advance(2_000);
  await get(windows, failing(error)).catch(() => undefined);
  expect(log.includes('remove')).toBe(removed);
});

test('the time of an entry cannot be changed by its reader', async () => {
  const { storedAt } = await get();
  storedAt.setTime(0);
  expect((await get()).storedAt).toEqual(new Date(begin));
});
