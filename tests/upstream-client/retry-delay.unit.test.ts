import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type Fault, faults, UpstreamFailure } from '#server/upstream-client/failure.ts';
import { RetryBudget, retryDelay } from '#server/upstream-client/retry.ts';

const isFault = (name: string): name is Fault => name in faults;

describe('retryDelay retries only transient faults', () => {
  const retried = new Set(['dns', 'connect', 'reset', 'truncated', 'unavailable', 'server_error']);

  test.each(Object.keys(faults).filter(isFault))('%s', (fault) => {
    const delay = retryDelay(new UpstreamFailure(fault), 1, () => 0.5);
    expect(delay).toBe(retried.has(fault) ? limits.upstream.retryBackoff / 2 : undefined);
  });

  test('a 429 is retried only if it states a time', () => {
    const throttled = new UpstreamFailure('throttled', { statedWaitSeconds: 3 });
    expect(retryDelay(throttled, 1, () => 0)).toBeGreaterThanOrEqual(3_000);
  });
});

test('the backoff is random between zero and a bound that doubles up to a cap', () => {
  const failure = new UpstreamFailure('server_error');
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), share, (attempts, random) => {
      const bound = Math.min(1_000, 100 * 2 ** (attempts - 1));
      expect(retryDelay(failure, attempts, () => random)).toBeCloseTo(random * bound, 6);
    }),
  );
});

test('a Retry-After overrides the backoff: the delay is never shorter and not much longer', () => {
  const requested = new UpstreamFailure('unavailable', { statedWaitSeconds: 2 });
  for (const random of [0, 0.5, 0.999]) {
    const wait = retryDelay(requested, 2, () => random);
    // Timers can fire slightly early.
    expect(wait).toBeGreaterThan(2_000);
    expect(wait).toBeLessThan(2_000 + 2 * limits.upstream.retryBackoff + 50);
  }
});

describe('the retry budget', () => {
  const spendAll = (budget: RetryBudget) => {
    let spent = 0;
    while (budget.spend()) spent += 1;
    return spent;
  };

  test('starts with a reserve, earns a fraction of the calls and never exceeds the reserve', () => {
    const budget = new RetryBudget();
    for (const [earned, least, most] of [
      [0, 10, 10],
      [9, 0, 0],
      [100, 10, 10],
      [51, 5, 5],
      [100_000, 10, 10],
    ] as const) {
      for (let call = 0; call < earned; call += 1) budget.earn();
      const spent = spendAll(budget);
      expect(spent).toBeGreaterThanOrEqual(least);
      expect(spent).toBeLessThanOrEqual(most);
    }
  });

  test('earns a retry with exactly ten calls', () => {
    const budget = new RetryBudget();
    expect(spendAll(budget)).toBe(10);
    for (let call = 0; call < 9; call += 1) budget.earn();
    expect(budget.spend()).toBe(false);
    budget.earn();
    expect(spendAll(budget)).toBe(1);
  });
});
