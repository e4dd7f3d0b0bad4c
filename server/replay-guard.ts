import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from './config/limits.ts';
import { productName } from './config/product-name.ts';
import type { Coordinator } from './process/coordinator.ts';
import type { SharedRedis } from './redis.ts';

export type ReplayGuard = {
  /** Marks a signature as used. @returns false if it was used before */
  use(signature: string): Promise<boolean>;
};

const { signatures, rememberedFor } = limits.webhook;

/**
 * Creates the guard against replayed calls of `/api/revalidate`. It remembers signatures for as long as their timestamp is
 * accepted, across the workers of this machine and, with Redis, across all instances.
 */
export function createReplayGuard(
  redis: SharedRedis | undefined,
  coordinator?: Pick<Coordinator, 'putIfAbsent'>,
): ReplayGuard {
  const usedHashes = new LRUCache<string, true>({ max: signatures, ttl: rememberedFor });
  return {
    async use(signature) {
      const hash = createHash('sha256').update(signature).digest('base64url');
      if (usedHashes.has(hash)) return false;
      usedHashes.set(hash, true);
      if ((await coordinator?.putIfAbsent('signature', hash, 'used')) !== undefined) return false;
      const first = await redis?.attempt((client) =>
        client.set(`${productName}:signature:${hash}`, '', 'PX', rememberedFor, 'NX'),
      );
      return first === undefined || first.value === 'OK';
    },
  };
}
