import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { ChargeResult, RateLimit } from '../config/rate-limits.ts';

/**
 * Counts points like the library's own script. In addition, it bounds a window whose key has more than the window left
 * to live, because the clock of Redis was set back: it ends after one window at the latest, not after that hour.
 */
const countPoints = `
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
local window = 1000 * ARGV[2]
local left = redis.call('pttl', KEYS[1])
if left < 0 or left > window then
  redis.call('pexpire', KEYS[1], window)
  left = window
end
return {consumed, left}`;

export type RedisStore = { consume(key: string): Promise<ChargeResult> };

/** Creates a store in Redis, so that all instances share the counts. Its windows end by the clock of Redis. */
export function createRedisStore(
  redis: Redis,
  name: string,
  { points, windowSeconds }: RateLimit,
): RedisStore {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `typed-bff:limit:${name}`,
    points,
    duration: windowSeconds,
    rejectIfRedisNotReady: true,
    customIncrTtlLuaScript: countPoints,
  });
  return {
    async consume(key) {
      // Resolves within the limit and rejects over it; both are results here.
      const result = await limiter.consume(key).catch((rejected: unknown) => {
        if (rejected instanceof RateLimiterRes) return rejected;
        throw rejected;
      });
      return { consumed: result.consumedPoints, msBeforeNext: result.msBeforeNext };
    },
  };
}
