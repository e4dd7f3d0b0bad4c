import { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { KeptSpace } from '../machine.ts';

/** What the workers would each remember by itself if they were not one machine. It outlives them. */
export function createSharedState() {
  const { signatures, rememberedFor } = limits.webhook;
  const spaces: Record<KeptSpace, LRUCache<string, string>> = {
    signature: new LRUCache({ max: signatures, ttl: rememberedFor }),
    pretended: new LRUCache({ max: limits.mail.pretendedReceipts }),
  };

  return {
    keep(space: KeptSpace, name: string, value: string): string | undefined {
      const before = spaces[space].get(name);
      if (before === undefined) spaces[space].set(name, value);
      return before;
    },
    kept: (space: KeptSpace, name: string) => spaces[space].get(name),
  };
}
