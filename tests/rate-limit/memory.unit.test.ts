import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import type { RateLimit } from '#server/config/rate-limits.ts';
import { createMemoryStore, stateOf } from '#server/rate-limit/memory-store.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { advance, fakeClocks, setWallClock } from '#tests/support/fake-clock.ts';

function chargerOf(limit: RateLimit) {
  const store = createMemoryStore(limit);
  return (key: string) => stateOf(store.consume(key), limit);
}

describe('a bucket in memory', () => {
  test('reports the remaining points and rejects charges once none is left', () => {
    const charge = chargerOf({ points: 2, windowSeconds: 60 });
    const common = { points: 2, windowSeconds: 60, resetSeconds: 60 };
    expect(charge('a')).toEqual({ ...common, allowed: true, remaining: 1 });
    expect(charge('a')).toEqual({ ...common, allowed: true, remaining: 0 });
    expect(charge('a')).toEqual({ ...common, allowed: false, remaining: 0 });
    expect(charge('b')).toEqual({ ...common, allowed: true, remaining: 1 });
  });

  test('can be charged several points at once', () => {
    const store = createMemoryStore({ windowSeconds: 60 });
    expect(store.consume('a', 3).consumed).toBe(3);
    expect(store.consume('a', 2).consumed).toBe(5);
    expect(store.consume('a').consumed).toBe(6);
  });

  test('is evicted when it is the least recently charged of too many', () => {
    const store = createMemoryStore({ windowSeconds: 60 });
    store.consume('first');
    store.consume('second');
    store.consume('first');
    for (let index = 2; index <= limits.rateLimit.keysInMemory; index += 1) store.consume(`key ${index}`);
    expect(store.consume('first').consumed).toBe(3);
    expect(store.consume('second').consumed).toBe(1);
  });

  test('never ends later than its window by a rounding error', () => {
    const now = vi.spyOn(performance, 'now');
    onTestFinished(() => now.mockRestore());
    const store = createMemoryStore({ windowSeconds: 60 });
    for (let at = 0.001; at < 1e9; at *= 1.1) {
      now.mockReturnValue(at);
      expect(store.consume(`charged at ${at}`).msBeforeNext).toBe(60_000);
    }
  });

  describe('with fake clocks', () => {
    fakeClocks();

    test.each([
      { title: 'a second', windowSeconds: 1 },
      { title: 'a day', windowSeconds: 86_400 },
      { title: 'the maximum of RATE_LIMITS', windowSeconds: limits.rateLimit.maxWindowSeconds },
    ])('counts over a window of $title, and is full again after it', ({ windowSeconds }) => {
      const charge = chargerOf({ points: 1, windowSeconds });
      expect(charge('a')).toMatchObject({ allowed: true, resetSeconds: windowSeconds });
      advance(windowSeconds * 1_000 - 1);
      expect(charge('a')).toMatchObject({ allowed: false, resetSeconds: 1 });
      advance(1);
      expect(charge('a')).toMatchObject({ allowed: true, resetSeconds: windowSeconds });
    });

    test.each([
      ['forward', 3_600_000],
      ['back', -3_600_000],
    ])('keeps its window when the wall clock is set %s by an hour', (_, hour) => {
      const charge = chargerOf({ points: 1, windowSeconds: 60 });
      charge('a');
      setWallClock(hour);
      advance(30_000);
      expect(charge('a')).toMatchObject({ allowed: false, resetSeconds: 30 });
      advance(30_000);
      expect(charge('a')).toMatchObject({ allowed: true });
    });
  });
});

test.each([
  [0, 1],
  [1, 1],
  [1_000, 1],
  [1_001, 2],
  [60_000, 60],
])('a window that ends in %i ms is reported to end in %i s', (msBeforeNext, resetSeconds) => {
  const state = stateOf({ consumed: 1, msBeforeNext }, { points: 1, windowSeconds: 60 });
  expect(state.resetSeconds).toBe(resetSeconds);
});

test('without Redis each limiter counts separately', async () => {
  const rateLimits = parseEnv({}).RATE_LIMITS;
  const [one, other] = [createRateLimiter({ rateLimits }), createRateLimiter({ rateLimits })];
  const left = [];
  for (const limiter of [one, other, one, other]) {
    left.push((await limiter.charge('mail', 'visitor:198.18.0.1')).remaining);
  }
  expect(left).toEqual([4, 4, 3, 3]);
});

test('RATE_LIMITS rejects a window of more than 31 days', () => {
  const { maxWindowSeconds } = limits.rateLimit;
  expect(parseEnv({ RATE_LIMITS: `mail=5/${maxWindowSeconds}` }).RATE_LIMITS.mail.windowSeconds).toBe(
    maxWindowSeconds,
  );
  expect(() => parseEnv({ RATE_LIMITS: `mail=5/${maxWindowSeconds + 1}` })).toThrow(/RATE_LIMITS/);
});
