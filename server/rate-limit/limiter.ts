import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { limits } from '../limits.ts';
import type { RateLimit, RateLimitState } from '../rate-limit-state.ts';

/** Counts points against keys in windows. */
export type RateLimitStore = { consume(key: string): Promise<RateLimiterRes> };

/**
 * Counts in this process, for a bounded number of keys: beyond it the one that was quiet for longest is
 * forgotten, so that a flood of made-up addresses costs memory no further.
 */
export function createMemoryStore(name: string, { points, windowSeconds }: RateLimit): RateLimitStore {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds });
  const recent = new LRUCache<string, true>({
    max: limits.rateLimit.keysInMemory,
    dispose: (_, key, reason) => {
      if (reason === 'evict') void limiter.delete(key);
    },
  });
  return {
    consume(key) {
      recent.set(key, true);
      return limiter.consume(key);
    },
  };
}

/** A store's answer, whether it resolved (within the limit) or rejected (over it), as one state. */
export async function chargeTo(
  store: RateLimitStore,
  key: string,
  limit: RateLimit,
): Promise<Omit<RateLimitState, 'name'>> {
  const [allowed, result] = await store.consume(key).then(
    (result) => [true, result] as const,
    (rejected: unknown) => {
      if (rejected instanceof RateLimiterRes) return [false, rejected] as const;
      throw rejected;
    },
  );
  return {
    ...limit,
    allowed,
    remaining: Math.max(0, result.remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
  };
}
