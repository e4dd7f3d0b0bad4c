import type { RateLimitName, RateLimits } from '../config/rate-limits.ts';
import { memoize } from '../lib/memoize.ts';
import { createMemoryStore } from '../rate-limit/memory-store.ts';
import type { Charge, SharedChargeResult } from './ipc-messages.ts';

/** Counts the calls of all workers. */
export function createRateLimitServer(rateLimits: RateLimits) {
  const storeOf = memoize((name: RateLimitName) => createMemoryStore(rateLimits[name]));

  function chargeOne([name, bucket, points]: Charge): SharedChargeResult {
    const { consumed, msBeforeNext } = storeOf(name).consume(bucket, points);
    return { consumed, msBeforeNext, isExhausted: consumed > rateLimits[name].points };
  }

  return (charges: Charge[]): SharedChargeResult[] => charges.map(chargeOne);
}
