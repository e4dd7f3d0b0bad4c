import { expect, test } from 'vitest';
import { exponentialBackoff } from '#server/lib/backoff.ts';

test.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
  [5, 1_000],
  [50, 1_000],
])('the backoff before retry %i is %i ms: it doubles up to its cap', (retry, milliseconds) => {
  expect(exponentialBackoff(retry, { base: 100, cap: 1_000 })).toBe(milliseconds);
});

test('another factor than two is possible', () => {
  const options = { base: 5, factor: 3, cap: 100 };
  expect([1, 2, 3, 4].map((retry) => exponentialBackoff(retry, options))).toEqual([5, 15, 45, 100]);
});
