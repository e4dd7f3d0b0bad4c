import type {
  ChargeResult,
  ClientLimitName,
  QuotaName,
  RateLimitName,
  RateLimitState,
  RateLimits,
} from '../config/rate-limits.ts';
import { AppError } from '../errors.ts';
import { memoize } from '../lib/memoize.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';
import { createMemoryStore, stateOf } from './memory-store.ts';
import { createRedisStore } from './redis-store.ts';

export type RateLimiter = {
  /** Charges one call of a class, or one page, to a bucket. Never rejects: if Redis is down, this machine counts on its own. */
  charge(name: ClientLimitName, bucket: string): Promise<RateLimitState>;
  /**
   * Charges one mail to a quota that applies to all callers together.
   *
   * @throws AppError `rate_limited`
   */
  chargeQuota(name: QuotaName, bucket: string): Promise<void>;
};

type RateLimiterOptions = {
  rateLimits: RateLimits;
  redis?: SharedRedis | undefined;
  /** Set if this process is one of several workers. */
  coordinator?: Pick<Coordinator, 'charge'> | undefined;
};

/**
 * Creates the rate limiter of all classes. It counts in Redis if configured. If Redis is down or hangs, it falls back
 * to the primary's counts, which all workers share, and if the primary does not respond, to its own memory.
 */
export function createRateLimiter({ rateLimits, redis, coordinator }: RateLimiterOptions): RateLimiter {
  const storesOf = memoize((name: RateLimitName) => ({
    memory: createMemoryStore(rateLimits[name]),
    shared: redis && createRedisStore(redis.client, name, rateLimits[name]),
  }));

  async function consume(name: RateLimitName, bucket: string): Promise<ChargeResult> {
    const { memory, shared } = storesOf(name);
    const result = shared && (await redis?.attempt(() => shared.consume(bucket)));
    return (
      result?.value ?? (coordinator && (await coordinator.charge(name, bucket))) ?? memory.consume(bucket)
    );
  }

  return {
    async charge(name, bucket) {
      return { name, ...stateOf(await consume(name, bucket), rateLimits[name]) };
    },
    async chargeQuota(name, bucket) {
      const { allowed, resetSeconds } = stateOf(await consume(name, bucket), rateLimits[name]);
      if (!allowed) throw new AppError('rate_limited', { retryAfterSeconds: resetSeconds });
    },
  };
}
