import type {
  QuotaName,
  RateLimit,
  RateLimitName,
  RateLimitState,
  RateLimits,
} from '../config/rate-limits.ts';
import { AppError } from '../errors.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';
import type { RateLimitClass } from '../trpc/procedure-meta.ts';
import {
  type Charged,
  consumeFrom,
  createMemoryStore,
  type RateLimitStore,
  stateOf,
} from './memory-store.ts';
import { createRedisStore } from './redis-store.ts';

export type RateLimiter = {
  /** Charges one call of a class to a bucket. Never fails: without Redis this machine counts by itself. */
  charge(name: RateLimitClass, bucket: string): Promise<RateLimitState>;
  /**
   * Charges one mail to a quota that holds whoever calls.
   *
   * @throws AppError `rate_limited`
   */
  chargeQuota(name: QuotaName, bucket: string): Promise<void>;
};

/**
 * Limits for each class of procedures, in memory or shared by Redis. When Redis is gone or hangs, memory stands
 * in for it: that of the machine, where it has several workers.
 */
export function createRateLimiter(options: {
  rateLimits: RateLimits;
  redis?: SharedRedis | undefined;
  machine?: Pick<Coordinator, 'charge'> | undefined;
}): RateLimiter {
  const { rateLimits, redis, machine } = options;
  const stores = {
    light: createStores('light', rateLimits.light, redis),
    upstream: createStores('upstream', rateLimits.upstream, redis),
    mail: createStores('mail', rateLimits.mail, redis),
    mailSender: createStores('mailSender', rateLimits.mailSender, redis),
    mailSite: createStores('mailSite', rateLimits.mailSite, redis),
  };

  function consume(name: RateLimitName, bucket: string): Promise<Charged> {
    const { memory, shared } = stores[name];
    return shared || machine ? consumeShared(name, bucket) : consumeFrom(memory, bucket);
  }

  async function consumeShared(name: RateLimitName, bucket: string): Promise<Charged> {
    const { memory, shared } = stores[name];
    const counted = shared && (await redis?.attempt(() => consumeFrom(shared, bucket)));
    return (
      counted?.value ??
      (machine && (await machine.charge(name, bucket))) ??
      (await consumeFrom(memory, bucket))
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

function createStores(
  name: string,
  limit: RateLimit,
  redis: SharedRedis | undefined,
): { memory: RateLimitStore; shared: RateLimitStore | undefined } {
  return {
    memory: createMemoryStore(name, limit),
    shared: redis && createRedisStore(redis.client, name, limit),
  };
}
