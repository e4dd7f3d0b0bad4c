import { expect, test } from 'vitest';
import { type Loaded, ResponseCache } from '#server/upstream-client/response-cache.ts';

const windows = { freshFor: 1_000, staleIfErrorFor: 10_000 };
const begin = Date.parse('2026-06-01T00:00:00Z');

/** A cache on a clock that moves by hand, and a loader that counts its runs. */
function setUp(options: { maxBytes?: number } = {}) {
  let now = begin;
  let loads = 0;
  const cache = new ResponseCache<string>({ maxBytes: options.maxBytes ?? 10_000, now: () => now });
  return {
    cache,
    loads: () => loads,
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
    load: {
      load: async (): Promise<Loaded<string>> => {
        loads += 1;
        return { value: `answer ${loads}`, bytes: 10 };
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

test('fresh until the window ends, then asked again', async () => {
  const { cache, load, advance } = setUp();
  const storedAt = new Date(begin);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'answer 1',
    cache: 'miss',
    standsIn: false,
    ageSeconds: 0,
    storedAt,
  });
  advance(999);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'answer 1',
    cache: 'hit',
    standsIn: false,
    ageSeconds: 0,
    storedAt,
  });
  advance(1);
  expect(await cache.get('k', windows, load)).toEqual({
    value: 'answer 2',
    cache: 'miss',
    standsIn: false,
    ageSeconds: 0,
    storedAt: new Date(begin + 1_000),
  });
});

test('the age is in whole seconds, rounded down, and never negative when the clock is set back', async () => {
  const { cache, load, advance } = setUp();
  const wide = { freshFor: 100_000, staleIfErrorFor: 100_000 };
  await cache.get('k', wide, load);
  advance(2_999);
  expect(await cache.get('k', wide, load)).toMatchObject({ cache: 'hit', ageSeconds: 2 });
  advance(-5_000);
  expect(await cache.get('k', wide, load)).toMatchObject({ ageSeconds: 0 });
});

test('an old answer stands in for a failure until its window ends', async () => {
  const { cache, load, fail, advance } = setUp();
  await cache.get('k', windows, load);
  advance(9_999);
  expect(await cache.get('k', windows, fail)).toEqual({
    value: 'answer 1',
    cache: 'stale',
    standsIn: true,
    ageSeconds: 9,
    storedAt: new Date(begin),
  });
  advance(1);
  await expect(cache.get('k', windows, fail)).rejects.toThrow('failure 3');
});

test('an old answer is no answer while the source is well', async () => {
  const { cache, load, advance } = setUp();
  await cache.get('k', windows, load);
  advance(5_000);
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'answer 2', cache: 'miss' });
});

test('without a window for failures nothing stands in', async () => {
  const { cache, load, fail, advance } = setUp();
  const none = { freshFor: 1_000, staleIfErrorFor: 0 };
  await cache.get('k', none, load);
  advance(1_000);
  await expect(cache.get('k', none, fail)).rejects.toThrow('failure 2');
});

test('equal questions at one time are one load, and all get its answer', async () => {
  const { cache, loads, load } = setUp();
  const results = await Promise.all(Array.from({ length: 20 }, () => cache.get('k', windows, load)));
  expect(loads()).toBe(1);
  expect(new Set(results.map(({ value }) => value))).toEqual(new Set(['answer 1']));
});

test('different questions do not wait for one another', async () => {
  const { cache, load } = setUp();
  const gate = Promise.withResolvers<Loaded<string>>();
  const slow = cache.get('slow', windows, { load: () => gate.promise });
  expect(await cache.get('quick', windows, load)).toMatchObject({ value: 'answer 1' });
  gate.resolve({ value: 'at last', bytes: 1 });
  expect(await slow).toMatchObject({ value: 'at last', cache: 'miss' });
});

test('the age begins when the answer came, not when it was asked for', async () => {
  const { cache, advance, load } = setUp();
  const gate = Promise.withResolvers<Loaded<string>>();
  const slow = cache.get('k', windows, { load: () => gate.promise });
  advance(5_000);
  gate.resolve({ value: 'late', bytes: 1 });
  expect(await slow).toMatchObject({ ageSeconds: 0, storedAt: new Date(begin + 5_000) });
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'late', cache: 'hit' });
});

test('a failure is shared by those who wait and forgotten by those who come later', async () => {
  const { cache, loads, load, fail } = setUp();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => cache.get('k', windows, fail)));
  expect(loads()).toBe(1);
  const errors = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'no error'));
  expect(new Set(errors)).toEqual(new Set(['Error: failure 1']));
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'answer 2', cache: 'miss' });
});

test('a failure shared by many is made good by the old answer for each of them', async () => {
  const { cache, loads, load, fail, advance } = setUp();
  await cache.get('k', windows, load);
  advance(2_000);
  const results = await Promise.all(Array.from({ length: 20 }, () => cache.get('k', windows, fail)));
  expect(loads()).toBe(2);
  expect(new Set(results.map(({ cache: kind }) => kind))).toEqual(new Set(['stale']));
});

test('a loader that throws before it promises anything is a failure like any other', async () => {
  const { cache, load } = setUp();
  const thrower = (): Promise<Loaded<string>> => {
    throw new Error('at once');
  };
  await expect(cache.get('k', windows, { load: thrower })).rejects.toThrow('at once');
  expect(await cache.get('k', windows, load)).toMatchObject({ value: 'answer 1' });
});

test('values that are falsy are remembered', async () => {
  const cache = new ResponseCache<null | '' | 0>({ maxBytes: 1_000 });
  for (const value of [null, '', 0] as const) {
    const key = String(value);
    await cache.get(key, windows, { load: async () => ({ value, bytes: 0 }) });
    const again = await cache.get(key, windows, {
      load: async () => Promise.reject(new Error('asked again')),
    });
    expect(again).toMatchObject({ value, cache: 'hit' });
  }
});

test('more than fits pushes out what was used longest ago', async () => {
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

test('an answer larger than the cache is given, not kept, and pushes nothing out', async () => {
  const { cache, load } = setUp({ maxBytes: 100 });
  await cache.get('small', windows, load);
  const huge = { load: async () => ({ value: 'huge', bytes: 101 }) };
  expect(await cache.get('huge', windows, huge)).toMatchObject({ value: 'huge', cache: 'miss' });
  expect(await cache.get('huge', windows, huge)).toMatchObject({ cache: 'miss' });
  expect(await cache.get('small', windows, load)).toMatchObject({ cache: 'hit' });
});

test('keys count too, so that many empty answers do not grow without bound', async () => {
  const cache = new ResponseCache<string>({ maxBytes: 1_000 });
  const put = (key: string) => cache.get(key, windows, { load: async () => ({ value: '', bytes: 0 }) });
  const key = (index: number) => `${index}`.padStart(99, 'k');
  for (let index = 0; index < 11; index += 1) await put(key(index));
  expect(await put(key(10))).toMatchObject({ cache: 'hit' });
  expect(await put(key(0))).toMatchObject({ cache: 'miss' });
});
