import { createHash } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import { productName } from '../config/product-name.ts';
import type { SharedRedis } from '../redis.ts';
import type { SharedCache } from './response-cache.ts';

/** `ttl`: the lifetime in milliseconds with which the entry was stored. */
const storedSchema = z.object({ id: z.string(), text: z.string(), ttl: z.number() });

/** The replies to GET and PTTL. An error, for example for a value of another type, replaces the value. */
const repliesSchema = z.tuple([z.tuple([z.null(), z.string()]), z.tuple([z.null(), z.int().min(0)])]);

/**
 * Caches responses in Redis for all instances. Keys are hashed, so they do not reveal the caller's input. The age of an
 * entry is the part of its lifetime that has passed by the clock of Redis.
 */
export function createSharedCache(redis: SharedRedis): SharedCache {
  return {
    async read(key) {
      const name = entryKey(key);
      const replies = await redis.attempt((client) => client.multi().get(name).pttl(name).exec());
      const { data } = repliesSchema.safeParse(replies?.value);
      if (!data) return undefined;
      const [[, text], [, ttlLeft]] = data;
      const stored = storedSchema.safeParse(parseJson(text)).data;
      // After its clock was set back, Redis keeps an entry for longer than its lifetime, and its age is unknown.
      if (!stored || ttlLeft > stored.ttl) return undefined;
      return { id: stored.id, text: stored.text, age: stored.ttl - ttlLeft };
    },
    async write(key, entry, milliseconds) {
      const ttl = Math.max(1, milliseconds);
      const stored: z.infer<typeof storedSchema> = { ...entry, ttl };
      const json = JSON.stringify(stored);
      if (json.length > limits.redis.cachedResponseBytes) return;
      await redis.attempt((client) => client.set(entryKey(key), json, 'PX', ttl));
    },
    async remove(key) {
      await redis.attempt((client) => client.del(entryKey(key)));
    },
    async acquireLock(key) {
      const name = lockKey(key);
      const token = crypto.randomUUID();
      const acquired = await redis.attempt((client) =>
        client.eval(setIfFree, 1, name, token, limits.redis.lockTtl),
      );
      // If Redis is not available, every instance gets the lock.
      if (acquired && acquired.value !== 'OK') return undefined;
      return () => {
        if (acquired) void redis.attempt((client) => client.eval(deleteIfOwned, 1, name, token));
      };
    },
  };
}

/** A lock with more than its TTL left was acquired before the clock of Redis was set back: it counts as expired. */
const setIfFree = `
if redis.call('pttl', KEYS[1]) > tonumber(ARGV[2]) then redis.call('del', KEYS[1]) end
return redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')`;

/** After its TTL has passed, the lock may belong to another instance. */
const deleteIfOwned = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end`;

const entryKey = (key: string) => `${productName}:answer:${digestOf(key)}`;
const lockKey = (key: string) => `${productName}:turn:${digestOf(key)}`;

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
