import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from './limits.ts';
import type { SharedRedis } from './redis.ts';

export type ReplayGuard = {
  /** Takes a signature as used. @returns false when it was used before */
  use(signature: string): Promise<boolean>;
};

/** A timestamp that is ahead by the whole tolerance counts for that long and once more. */
const rememberedFor = 2 * limits.webhook.tolerance;

/** Remembers signatures for as long as they would count: for all instances where there is Redis, and always here. */
export function createReplayGuard(redis: SharedRedis | undefined): ReplayGuard {
  const used = new LRUCache<string, true>({ max: limits.webhook.signatures, ttl: rememberedFor });
  return {
    async use(signature) {
      const name = createHash('sha256').update(signature).digest('base64url');
      if (used.has(name)) return false;
      used.set(name, true);
      const first = await redis?.attempt((client) =>
        client.set(`typed-bff:signature:${name}`, '', 'PX', rememberedFor, 'NX'),
      );
      return first === undefined || first.value === 'OK';
    },
  };
}
