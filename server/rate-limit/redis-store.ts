import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { z } from 'zod';
import { productName } from '../config/product-name.ts';
import type { ChargeResult, RateLimit } from '../config/rate-limits.ts';
import { UnusableReplyError } from '../redis.ts';

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

/** The possible results of the script. */
const stateSchema = z.object({ consumedPoints: z.int().min(1), msBeforeNext: z.int().min(0) });

/** @throws UnusableReplyError if Redis returns what the script cannot return */
export type RedisStore = { consume(key: string): Promise<ChargeResult> };

/** Creates a store in Redis, so that all instances share the counts. Its windows end by the clock of Redis. */
export function createRedisStore(
  redis: Redis,
  name: string,
  { points, windowSeconds }: RateLimit,
): RedisStore {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${productName}:limit:${name}`,
    points,
    duration: windowSeconds,
    customIncrTtlLuaScript: countPoints,
  });
  return {
    async consume(key) {
      // Resolves within the limit and rejects over it; both are results here.
      const result = await limiter.consume(key).catch((rejected: unknown) => {
        if (rejected instanceof RateLimiterRes) return rejected;
        // The library reads the reply without checking it.
        throw rejected instanceof TypeError ? new UnusableReplyError({ cause: rejected }) : rejected;
      });
      const { data } = stateSchema.safeParse(result);
      if (!data || data.msBeforeNext > windowSeconds * 1_000) throw new UnusableReplyError();
      return { consumed: data.consumedPoints, msBeforeNext: data.msBeforeNext };
    },
  };
}
