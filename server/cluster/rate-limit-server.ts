import type { RateLimitName, RateLimits } from '../config/rate-limits.ts';
import { memoize } from '../lib/memoize.ts';
import { consumeFrom, createMemoryStore } from '../rate-limit/memory-store.ts';
import type { Charge, SharedChargeResult } from './ipc-messages.ts';

/** Counts the calls of all workers. */
export function createRateLimitServer(rateLimits: RateLimits) {
  const storeOf = memoize((name: RateLimitName) => createMemoryStore(name, rateLimits[name]));

  async function chargeOne([name, bucket, points]: Charge): Promise<SharedChargeResult> {
    const { consumed, msBeforeNext } = await consumeFrom(storeOf(name), bucket, points);
    return { consumed, msBeforeNext, isExhausted: consumed > rateLimits[name].points };
  }

  return (charges: Charge[]): Promise<SharedChargeResult[]> => Promise.all(charges.map(chargeOne));
}
