import { createHash } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { SharedRedis } from '../redis.ts';
import type { SharedTier } from './response-cache.ts';

const storedSchema = z.object({ text: z.string(), storedAt: z.number() });

/** Answers in Redis, for all instances. Keys are hashes: what was asked stands in none. */
export function createSharedTier(redis: SharedRedis): SharedTier {
  return {
    async read(key) {
      const stored = await redis.attempt((client) => client.get(nameOf(key)));
      if (!stored?.value) return undefined;
      return storedSchema.safeParse(parse(stored.value)).data;
    },
    async write(key, entry, milliseconds) {
      const stored = JSON.stringify(entry);
      if (stored.length > limits.redis.cachedResponseBytes) return;
      await redis.attempt((client) => client.set(nameOf(key), stored, 'PX', Math.max(1, milliseconds)));
    },
    async remove(key) {
      await redis.attempt((client) => client.del(nameOf(key)));
    },
    async acquireLock(key) {
      const name = turnOf(key);
      const mark = crypto.randomUUID();
      const taken = await redis.attempt((client) => client.set(name, mark, 'PX', limits.redis.lockTtl, 'NX'));
      // Where Redis does not answer, every instance has its turn.
      if (taken && taken.value !== 'OK') return undefined;
      return () => {
        if (taken) void redis.attempt((client) => client.eval(removeOwn, 1, name, mark));
      };
    },
  };
}

/** A turn that lasted too long may be another instance's by now. */
const removeOwn = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end`;

const nameOf = (key: string) => `typed-bff:answer:${digestOf(key)}`;
const turnOf = (key: string) => `typed-bff:turn:${digestOf(key)}`;

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
