import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
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

  test('is full again after its window, regardless of rejected charges', async () => {
    const charge = chargerOf({ points: 1, windowSeconds: 1 });
    expect(charge('a').allowed).toBe(true);
    expect(charge('a')).toMatchObject({ allowed: false, resetSeconds: 1 });
    await expect.poll(() => charge('a').allowed, { timeout: 10_000, interval: 50 }).toBe(true);
  });

  describe('with fake clocks', () => {
    fakeClocks();

    test.each([
      { title: 'a day', windowSeconds: 86_400 },
      { title: 'the maximum of RATE_LIMITS', windowSeconds: limits.rateLimit.maxWindowSeconds },
    ])('counts over a window of $title', ({ windowSeconds }) => {
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

test('after a million visitors the memory store keeps only the newest buckets, up to its limit and below 64 MB', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    'tests/rate-limit/flood.ts',
  ]);
  const measured = z
    .object({ grownBytes: z.number(), remembered: z.int(), keysInMemory: z.int() })
    .parse(JSON.parse(stdout));
  expect(measured.keysInMemory).toBe(limits.rateLimit.keysInMemory);
  expect(measured.remembered).toBe(limits.rateLimit.keysInMemory);
  expect(measured.grownBytes).toBeLessThan(64 * 1024 * 1024);
});
