import { describe, expect, test } from 'vitest';
import { createRateLimitServer } from '#server/cluster/rate-limit-server.ts';
import { createRestartBackoff } from '#server/cluster/restart-backoff.ts';
import { createSharedState } from '#server/cluster/shared-state.ts';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { fakeCacheClock } from '#tests/support/fake-clock.ts';

describe('the shared state', () => {
  test('keeps the first value of a name', () => {
    const { putIfAbsent } = createSharedState();
    expect(putIfAbsent('signature', 'a', 'one')).toBeUndefined();
    expect(putIfAbsent('signature', 'a', 'two')).toBe('one');
    expect(putIfAbsent('signature', 'a', 'three')).toBe('one');
    expect(putIfAbsent('signature', 'b', 'two')).toBeUndefined();
  });

  test('keeps a value for as long as the timestamp of a signature can be accepted', () => {
    const pass = fakeCacheClock();
    const { putIfAbsent } = createSharedState();
    putIfAbsent('signature', 'a', 'one');
    pass(limits.webhook.rememberedFor);
    expect(putIfAbsent('signature', 'a', 'two')).toBe('one');
    pass(1);
    expect(putIfAbsent('signature', 'a', 'three')).toBeUndefined();
  });

  test('keeps as many values as the limit says', () => {
    const { putIfAbsent } = createSharedState();
    for (let index = 0; index < limits.webhook.signatures; index += 1) {
      putIfAbsent('signature', `${index}`, 'value');
    }
    expect(putIfAbsent('signature', '0', 'other')).toBe('value');
  });
});

test('the restart backoff starts at zero and doubles up to its cap while workers exit soon after their start', () => {
  const { restartBackoff, restartBackoffCap, stableAfter } = limits.cluster;
  const nextBackoff = createRestartBackoff();
  expect(Array.from({ length: 8 }, () => nextBackoff(0))).toEqual([
    0,
    restartBackoff,
    2 * restartBackoff,
    4 * restartBackoff,
    8 * restartBackoff,
    16 * restartBackoff,
    restartBackoffCap,
    restartBackoffCap,
  ]);
  expect(nextBackoff(stableAfter)).toBe(0);
  expect(nextBackoff(0)).toBe(restartBackoff);
  expect(nextBackoff(stableAfter - 1)).toBe(2 * restartBackoff);
});

test('the primary counts each limit and bucket of a message, and reports a bucket as exhausted beyond its limit', () => {
  const charge = createRateLimitServer(parseEnv({ RATE_LIMITS: 'light=3/60,mail=9/3600' }).RATE_LIMITS);
  expect(
    charge([
      ['light', 'a', 3],
      ['mail', 'a', 1],
      ['light', 'b', 4],
    ]),
  ).toEqual([
    { consumed: 3, msBeforeNext: 60_000, isExhausted: false },
    { consumed: 1, msBeforeNext: 3_600_000, isExhausted: false },
    { consumed: 4, msBeforeNext: 60_000, isExhausted: true },
  ]);
  expect(charge([['light', 'a', 1]])).toMatchObject([{ consumed: 4, isExhausted: true }]);
});
