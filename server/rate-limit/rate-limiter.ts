import type { Redis } from 'ioredis';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { RateLimitClass } from '../procedure-meta.ts';
import type { RateLimitState, RateLimits } from '../rate-limit-state.ts';
import { chargeTo, createMemoryStore, type RateLimitStore } from './limiter.ts';
import { connectRedis, createRedisStore, pingRedis } from './redis.ts';

export type RateLimiter = {
  /** Charges one call of a class to a bucket. Never fails: without Redis this process counts by itself. */
  charge(name: RateLimitClass, bucket: string): Promise<RateLimitState>;
  /** Asks Redis: `down` while counts are not shared. Undefined without Redis. */
  redisState(): Promise<'ok' | 'down' | undefined>;
  close(): Promise<void>;
};

/**
 * Limits for each class of procedures, in memory or shared by Redis. When Redis is gone or hangs, memory stands
 * in for it, and Redis is left alone for a moment so that not every call waits for its timeout.
 */
export function createRateLimiter(options: {
  rateLimits: RateLimits;
  redisUrl: string | undefined;
  log: Logger;
}): RateLimiter {
  const { rateLimits, redisUrl, log } = options;
  const redis = redisUrl ? connectRedis(redisUrl, log) : undefined;
  const stores = {
    light: createStores('light', rateLimits, redis),
    upstream: createStores('upstream', rateLimits, redis),
    mail: createStores('mail', rateLimits, redis),
  };
  let leaveRedisUntil = 0;

  async function charge(name: RateLimitClass, bucket: string): Promise<RateLimitState> {
    const { memory, shared } = stores[name];
    if (shared && Date.now() >= leaveRedisUntil) {
      try {
        return await chargeTo(shared, bucket, name, rateLimits[name]);
      } catch (err) {
        leaveRedisUntil = Date.now() + limits.rateLimit.redisPause;
        log.warn({ err }, 'rate limits are counted in memory: redis failed');
      }
    }
    return chargeTo(memory, bucket, name, rateLimits[name]);
  }

  return {
    charge,
    async redisState() {
      if (!redis) return undefined;
      const state = await pingRedis(redis);
      // It is back: the next call is counted there again.
      if (state === 'ok') leaveRedisUntil = 0;
      return state;
    },
    close: async () => redis?.disconnect(),
  };
}

function createStores(
  name: RateLimitClass,
  rateLimits: RateLimits,
  redis: Redis | undefined,
): { memory: RateLimitStore; shared: RateLimitStore | undefined } {
  return {
    memory: createMemoryStore(name, rateLimits[name]),
    shared: redis && createRedisStore(redis, name, rateLimits[name]),
  };
}
