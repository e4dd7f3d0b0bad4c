import { createHash } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { SharedRedis } from '../redis.ts';
import type { SharedCache } from './response-cache.ts';

const storedSchema = z.object({ text: z.string(), storedAt: z.number() });

/** Caches responses in Redis for all instances. Keys are hashed, so they do not reveal the caller's input. */
export function createSharedCache(redis: SharedRedis): SharedCache {
  return {
    async read(key) {
      const stored = await redis.attempt((client) => client.get(entryKey(key)));
      if (!stored?.value) return undefined;
      return storedSchema.safeParse(parseJson(stored.value)).data;
    },
    async write(key, entry, milliseconds) {
      const stored = JSON.stringify(entry);
      if (stored.length > limits.redis.cachedResponseBytes) return;
      await redis.attempt((client) => client.set(entryKey(key), stored, 'PX', Math.max(1, milliseconds)));
    },
    async remove(key) {
      await redis.attempt((client) => client.del(entryKey(key)));
    },
    async acquireLock(key) {
      const name = lockKey(key);
      const token = crypto.randomUUID();
      const acquired = await redis.attempt((client) =>
        client.set(name, token, 'PX', limits.redis.lockTtl, 'NX'),
      );
      // If Redis is not available, every instance gets the lock.
      if (acquired && acquired.value !== 'OK') return undefined;
      return () => {
        if (acquired) void redis.attempt((client) => client.eval(deleteIfOwned, 1, name, token));
      };
    },
  };
}

/** After its TTL has passed, the lock may belong to another instance. */
const deleteIfOwned = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end`;

const entryKey = (key: string) => `typed-bff:answer:${digestOf(key)}`;
const lockKey = (key: string) => `typed-bff:turn:${digestOf(key)}`;

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
