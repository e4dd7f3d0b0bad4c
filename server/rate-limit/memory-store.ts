import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { limits } from '../config/limits.ts';
import type { ChargeResult, RateLimit, RateLimitState } from '../config/rate-limits.ts';

/** Counts points per key in fixed windows. */
export type RateLimitStore = { consume(key: string, points?: number): Promise<RateLimiterRes> };

/**
 * Creates a store in this process for a limited number of keys. Beyond that it evicts the least recently charged key,
 * so that a flood of forged addresses cannot use up the memory.
 */
export function createMemoryStore(name: string, { points, windowSeconds }: RateLimit): RateLimitStore {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds });
  const recentKeys = new LRUCache<string, true>({
    max: limits.rateLimit.keysInMemory,
    dispose: (_, key, reason) => {
      if (reason === 'evict') void limiter.delete(key);
    },
  });
  return {
    consume(key, points) {
      recentKeys.set(key, true);
      return limiter.consume(key, points);
    },
  };
}

/** Charges points. The store's promise resolves within the limit and rejects over it; both are results here. */
export async function consumeFrom(
  store: RateLimitStore,
  key: string,
  points?: number,
): Promise<ChargeResult> {
  try {
    return toChargeResult(await store.consume(key, points));
  } catch (rejected) {
    if (rejected instanceof RateLimiterRes) return toChargeResult(rejected);
    throw rejected;
  }
}

function toChargeResult({ consumedPoints, msBeforeNext }: RateLimiterRes): ChargeResult {
  return { consumed: consumedPoints, msBeforeNext };
}

/** Returns the rate-limit state of the call that was charged. */
export function stateOf(
  { consumed, msBeforeNext }: ChargeResult,
  limit: RateLimit,
): Omit<RateLimitState, 'name'> {
  return {
    ...limit,
    allowed: consumed <= limit.points,
    remaining: Math.max(0, limit.points - consumed),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  };
}

export const chargeTo = async (store: RateLimitStore, key: string, limit: RateLimit) =>
  stateOf(await consumeFrom(store, key), limit);
