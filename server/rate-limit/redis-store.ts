import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RateLimit } from '../config/rate-limits.ts';
import type { RateLimitStore } from './memory-store.ts';

/** Creates a store in Redis, so that all instances share the counts. */
export function createRedisStore(
  redis: Redis,
  name: string,
  { points, windowSeconds }: RateLimit,
): RateLimitStore {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `typed-bff:limit:${name}`,
    points,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
  });
  return { consume: (key) => limiter.consume(key) };
}
