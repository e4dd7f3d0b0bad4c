import { expect, test } from 'vitest';
import { createRestartBackoff } from '#server/cluster/restart-backoff.ts';
import { createSharedState } from '#server/cluster/shared-state.ts';
import { limits } from '#server/config/limits.ts';

test('a name is kept once, and its first value stays', () => {
  const { putIfAbsent: keep, get: kept } = createSharedState();
  expect(keep('signature', 'a', 'one')).toBeUndefined();
  expect(keep('signature', 'a', 'two')).toBe('one');
  expect(kept('signature', 'a')).toBe('one');
  expect(kept('pretended', 'a')).toBeUndefined();
});

test('a worker is replaced at once, and later and later when each ends soon after its start', () => {
  const { restartBackoff: restartPause, restartBackoffCap: restartPauseCap, stableAfter } = limits.cluster;
  const pauseAfter = createRestartBackoff();
  expect(Array.from({ length: 8 }, () => pauseAfter(0))).toEqual([
    0,
    restartPause,
    2 * restartPause,
    4 * restartPause,
    8 * restartPause,
    16 * restartPause,
    restartPauseCap,
    restartPauseCap,
  ]);
  expect(pauseAfter(stableAfter)).toBe(0);
  expect(pauseAfter(0)).toBe(restartPause);
});
