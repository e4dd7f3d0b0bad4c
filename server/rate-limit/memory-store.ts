import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { ChargeResult, RateLimit, RateLimitState } from '../config/rate-limits.ts';

/** Counts points per key in fixed windows. */
export type MemoryStore = { consume(key: string, points?: number): ChargeResult };

/**
 * Creates a store in this process for a limited number of keys. Beyond that it evicts the least recently charged key,
 * so that a flood of forged addresses cannot use up the memory.
 *
 * Its windows end by the monotonic clock. Those of rate-limiter-flexible's memory store end by the wall clock.
 */
export function createMemoryStore({ windowSeconds }: Pick<RateLimit, 'windowSeconds'>): MemoryStore {
  const windows = new LRUCache<string, { consumed: number; endsAt: number }>({
    max: limits.rateLimit.keysInMemory,
  });
  return {
    consume(key, points = 1) {
      // Whole milliseconds, so that a window is never a rounding error longer than its limit.
      const now = Math.floor(performance.now());
      const current = windows.get(key);
      const isRunning = current !== undefined && now < current.endsAt;
      const window = isRunning ? current : { consumed: 0, endsAt: now + windowSeconds * 1_000 };
      if (!isRunning) windows.set(key, window);
      window.consumed += points;
      return { consumed: window.consumed, msBeforeNext: window.endsAt - now };
    },
  };
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
