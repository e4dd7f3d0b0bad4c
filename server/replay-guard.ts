import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from './config/limits.ts';
import type { Coordinator } from './process/coordinator.ts';
import type { SharedRedis } from './redis.ts';

export type ReplayGuard = {
  /** Takes a signature as used. @returns false when it was used before */
  use(signature: string): Promise<boolean>;
};

const { signatures, rememberedFor } = limits.webhook;

/**
 * Remembers signatures for as long as they would count: for all instances where there is Redis, and always for this
 * machine.
 */
export function createReplayGuard(
  redis: SharedRedis | undefined,
  machine?: Pick<Coordinator, 'putIfAbsent'>,
): ReplayGuard {
  const used = new LRUCache<string, true>({ max: signatures, ttl: rememberedFor });
  return {
    async use(signature) {
      const name = createHash('sha256').update(signature).digest('base64url');
      if (used.has(name)) return false;
      used.set(name, true);
      if ((await machine?.putIfAbsent('signature', name, 'used')) !== undefined) return false;
      const first = await redis?.attempt((client) =>
        client.set(`typed-bff:signature:${name}`, '', 'PX', rememberedFor, 'NX'),
      );
      return first === undefined || first.value === 'OK';
    },
  };
}
