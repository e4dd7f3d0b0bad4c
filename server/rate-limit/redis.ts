import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { RateLimit } from '../rate-limit-state.ts';
import type { RateLimitStore } from './limiter.ts';

const { redisTimeout } = limits.rateLimit;

/** A connection that answers or fails at once: waiting for it must not be what makes a call slow. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    connectTimeout: redisTimeout,
    commandTimeout: redisTimeout,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  // Without a listener an error of the connection would end the process; the calls that need it fail by themselves.
  redis.on('error', (err) => log.debug({ err }, 'redis connection'));
  return redis;
}

/** Does not throw, and does not wait longer than a command may take. */
export async function pingRedis(redis: Redis): Promise<'ok' | 'down'> {
  try {
    await redis.ping();
    return 'ok';
  } catch {
    return 'down';
  }
}

/** Counts in Redis, so that all instances share one window. */
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
