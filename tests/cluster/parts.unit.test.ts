import { expect, test } from 'vitest';
import { createRestartBackoff } from '#server/cluster/restart-backoff.ts';
import { createSharedState } from '#server/cluster/shared-state.ts';
import { limits } from '#server/config/limits.ts';

test('putIfAbsent keeps the first value of a name', () => {
  const { putIfAbsent } = createSharedState();
  expect(putIfAbsent('signature', 'a', 'one')).toBeUndefined();
  expect(putIfAbsent('signature', 'a', 'two')).toBe('one');
  expect(putIfAbsent('signature', 'a', 'three')).toBe('one');
  expect(putIfAbsent('signature', 'b', 'two')).toBeUndefined();
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
});
