import { createHash } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../limits.ts';
import type { SharedRedis } from '../redis.ts';
import type { SharedTier } from './cache.ts';

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
      if (stored.length > limits.redis.answerBytes) return;
      await redis.attempt((client) => client.set(nameOf(key), stored, 'PX', Math.max(1, milliseconds)));
    },
    async remove(key) {
      await redis.attempt((client) => client.del(nameOf(key)));
    },
  };
}

function nameOf(key: string): string {
  return `typed-bff:answer:${createHash('sha256').update(key).digest('base64url')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
