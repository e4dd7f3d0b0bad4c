import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { limits } from '../config/limits.ts';
import type { RateLimit, RateLimitState } from '../config/rate-limits.ts';

/** Counts points against keys in windows. */
export type RateLimitStore = { consume(key: string, points?: number): Promise<RateLimiterRes> };

export type MemoryStore = RateLimitStore & {
  /** Takes points off a bucket whose window still runs. */
  refund(key: string, points: number): Promise<void>;
};

/** A bucket after a charge. */
export type Charged = { consumed: number; msBeforeNext: number };

/**
 * Counts in this process, for a bounded number of keys: beyond it the one that was quiet for longest is
 * forgotten, so that a flood of made-up addresses costs memory no further.
 */
export function createMemoryStore(name: string, { points, windowSeconds }: RateLimit): MemoryStore {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds });
  const recent = new LRUCache<string, true>({
    max: limits.rateLimit.keysInMemory,
    dispose: (_, key, reason) => {
      if (reason === 'evict') void limiter.delete(key);
    },
  });
  return {
    consume(key, points) {
      recent.set(key, true);
      return limiter.consume(key, points);
    },
    async refund(key, points) {
      if (await limiter.get(key)) await limiter.reward(key, points);
    },
  };
}

/** A store's answer, whether it resolved (within the limit) or rejected (over it). */
export async function consumeFrom(store: RateLimitStore, key: string, points?: number): Promise<Charged> {
  try {
    return chargedOf(await store.consume(key, points));
  } catch (rejected) {
    if (rejected instanceof RateLimiterRes) return chargedOf(rejected);
    throw rejected;
  }
}

function chargedOf({ consumedPoints, msBeforeNext }: RateLimiterRes): Charged {
  return { consumed: consumedPoints, msBeforeNext };
}

/** What a charged bucket means for the call that was charged. */
export function stateOf({ consumed, msBeforeNext }: Charged, limit: RateLimit): Omit<RateLimitState, 'name'> {
  return {
    ...limit,
    allowed: consumed <= limit.points,
    remaining: Math.max(0, limit.points - consumed),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  };
}

export const chargeTo = async (store: RateLimitStore, key: string, limit: RateLimit) =>
  stateOf(await consumeFrom(store, key), limit);
