import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { SharedSpace } from '../process/coordinator.ts';

/** What the workers would each remember by itself if they were not one machine. It outlives them. */
export function createSharedState() {
  const { signatures, rememberedFor } = limits.webhook;
  const spaces: Record<SharedSpace, LRUCache<string, string>> = {
    signature: new LRUCache({ max: signatures, ttl: rememberedFor }),
    pretended: new LRUCache({ max: limits.mail.fakeReceipts }),
  };

  return {
    putIfAbsent(space: SharedSpace, name: string, value: string): string | undefined {
      const before = spaces[space].get(name);
      if (before === undefined) spaces[space].set(name, value);
      return before;
    },
    get: (space: SharedSpace, name: string) => spaces[space].get(name),
  };
}
