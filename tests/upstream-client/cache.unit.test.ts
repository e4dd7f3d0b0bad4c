import { expect, test } from 'vitest';
import { type Loaded, ResponseCache } from '#server/upstream-client/response-cache.ts';
import { advance, fakeClocks, setWallClock } from '#tests/support/fake-clock.ts';

const windows = { freshFor: 1_000, staleIfErrorFor: 10_000 };
const begin = Date.parse('2026-06-01T00:00:00Z');
fakeClocks(begin);

/** Sets up a cache and loaders that count their runs. */
function setUp(options: { maxBytes?: number } = {}) {
  let loads = 0;
  const cache = new ResponseCache<string>({ maxBytes: options.maxBytes ?? 10_000 });
  return {
    cache,
    loads: () => loads,
    load: {
      load: async (): Promise<Loaded<string>> => {
        loads += 1;
        return { value: `value ${loads}`, bytes: 10 };
      },
    },
    fail: {
      load: async (): Promise<Loaded<string>> => {
        loads += 1;
        throw new Error(`failure ${loads}`);
      },
    },
  };
}

test('an entry is fresh until its window ends, then it is loaded again', async () => {
  const { cache, load } = setUp();
  const storedAt = new Date(begin);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'value 1',
    cache: 'miss',
    isStaleIfError: false,
    ageSeconds: 0,
    storedAt,
  });
  advance(999);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'value 1',
    cache: 'hit',
    isStaleIfError: false,
    ageSeconds: 0,
    storedAt,
  });
  advance(1);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'value 2',
    cache: 'miss',
    isStaleIfError: false,
    ageSeconds: 0,
    storedAt: new Date(begin + 1_000),
  });
});

test('the age is in whole seconds, rounded down', async () => {
  const { cache, load } = setUp();
  const wide = { freshFor: 100_000, staleIfErrorFor: 100_000 };
  await cache.get('k', wide, load);
  advance(2_999);
  expect(await cache.get('k', wide, load)).toMatchObject({ cache: 'hit', ageSeconds: 2 });
});

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a wall clock that is set %s by an hour changes no age and no window', async (_, hour) => {
  const { cache, load, fail } = setUp();
  await cache.get('k', windows, load);
  setWallClock(hour);
  advance(999);
  expect(await cache.get('k', windows, load)).toMatchObject({ cache: 'hit', ageSeconds: 0 });
  advance(9_000);
  expect(await cache.get('k', windows, fail)).toMatchObject({ cache: 'stale', ageSeconds: 9 });
  advance(1);
  await expect(cache.get('k', windows, fail)).rejects.toThrow('failure 3');
});

test('a stale entry is served on a failure until the stale-if-error window ends', async () => {
  const { cache, load, fail } = setUp();
  await cache.get('k', windows, load);
  advance(9_999);
  expect(await cache.get('k', windows, fail)).toEqual({
    value: 'value 1',
    cache: 'stale',
    isStaleIfError: true,
    ageSeconds: 9,
    storedAt: new Date(begin),
  });
  advance(1);
  await expect(cache.get('k', windows, fail)).rejects.toThrow('failure 3');
});

test('a stale entry is not served when the load succeeds', async () => {
  const { cache, load } = setUp();
  await cache.get('k', windows, load);
  advance(5_000);
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'value 2', cache: 'miss' });
});

test('without a stale-if-error window no stale entry is served', async () => {
  const { cache, load, fail } = setUp();
  const none = { freshFor: 1_000, staleIfErrorFor: 0 };
  await cache.get('k', none, load);
  advance(1_000);
  await expect(cache.get('k', none, fail)).rejects.toThrow('failure 2');
});

test('concurrent requests for one key share one load', async () => {
  const { cache, loads, load } = setUp();
  const results = await Promise.all(Array.from({ length: 20 }, () => cache.get('k', windows, load)));
  expect(loads()).toBe(1);
  expect(new Set(results.map(({ value }) => value))).toEqual(new Set(['value 1']));
});

test('requests for different keys do not wait for each other', async () => {
  const { cache, load } = setUp();
  const gate = Promise.withResolvers<Loaded<string>>();
  const slow = cache.get('slow', windows, { load: () => gate.promise });
  expect(await cache.get('quick', windows, load)).toMatchObject({ value: 'value 1' });
  gate.resolve({ value: 'at last', bytes: 1 });
  expect(await slow).toMatchObject({ value: 'at last', cache: 'miss' });
});

test('the age counts from the end of the load, not from its start', async () => {
  const { cache, load } = setUp();
  const gate = Promise.withResolvers<Loaded<string>>();
  const slow = cache.get('k', windows, { load: () => gate.promise });
  advance(5_000);
  gate.resolve({ value: 'late', bytes: 1 });
  expect(await slow).toMatchObject({ ageSeconds: 0, storedAt: new Date(begin + 5_000) });
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'late', cache: 'hit' });
});

test('a failure is shared by concurrent requests but not cached', async () => {
  const { cache, loads, load, fail } = setUp();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => cache.get('k', windows, fail)));
  expect(loads()).toBe(1);
  const errors = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'no error'));
  expect(new Set(errors)).toEqual(new Set(['Error: failure 1']));
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'value 2', cache: 'miss' });
});

test('on a shared failure every waiting request gets the stale entry', async () => {
  const { cache, loads, load, fail } = setUp();
  await cache.get('k', windows, load);
  advance(2_000);
  const results = await Promise.all(Array.from({ length: 20 }, () => cache.get('k', windows, fail)));
  expect(loads()).toBe(2);
  expect(new Set(results.map(({ cache: kind }) => kind))).toEqual(new Set(['stale']));
});

test('a loader that throws synchronously is handled like one that rejects', async () => {
  const { cache, load } = setUp();
  const thrower = (): Promise<Loaded<string>> => {
    throw new Error('at once');
  };
  await expect(cache.get('k', windows, { load: thrower })).rejects.toThrow('at once');
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'value 1' });
});

test('falsy values are cached', async () => {
  const cache = new ResponseCache<null | '' | 0>({ maxBytes: 1_000 });
  for (const value of [null, '', 0] as const) {
    const key = String(value);
    await cache.get(key, windows, { load: async () => ({ value, bytes: 0 }) });
    const again = await cache.get(key, windows, {
      load: async () => Promise.reject(new Error('requested again')),
    });
    expect(again).toMatchObject({ value, cache: 'hit' });
  }
});

test('a full cache evicts the least recently used entry', async () => {
  const cache = new ResponseCache<string>({ maxBytes: 35 });
  const put = (key: string) => cache.get(key, windows, { load: async () => ({ value: key, bytes: 10 }) });
  await put('a');
  await put('b');
  await put('c');
  expect(await put('a')).toMatchObject({ cache: 'hit' });
  await put('d');
  expect(await put('a')).toMatchObject({ cache: 'hit' });
  expect(await put('c')).toMatchObject({ cache: 'hit' });
  expect(await put('b')).toMatchObject({ cache: 'miss' });
});

test('a value larger than the cache is returned but not cached, and evicts nothing', async () => {
  const { cache, load } = setUp({ maxBytes: 100 });
  await cache.get('small', windows, load);
  const huge = { load: async () => ({ value: 'huge', bytes: 101 }) };
  expect(await cache.get('huge', windows, huge)).toMatchObject({ value: 'huge', cache: 'miss' });
  expect(await cache.get('huge', windows, huge)).toMatchObject({ cache: 'miss' });
  expect(await cache.get('small', windows, load)).toMatchObject({ cache: 'hit' });
});

test('keys count towards the size, so that many empty values cannot grow without bound', async () => {
  const cache = new ResponseCache<string>({ maxBytes: 1_000 });
  const put = (key: string) => cache.get(key, windows, { load: async () => ({ value: '', bytes: 0 }) });
  const key = (index: number) => `${index}`.padStart(99, 'k');
  for (let index = 0; index < 11; index += 1) await put(key(index));
  expect(await put(key(10))).toMatchObject({ cache: 'hit' });
  expect(await put(key(0))).toMatchObject({ cache: 'miss' });
});
