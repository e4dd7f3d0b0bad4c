import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { SharedSpace } from '../process/coordinator.ts';

/** Creates the state that all workers share. The primary holds it, so that it outlives them. */
export function createSharedState() {
  const { signatures, rememberedFor } = limits.webhook;
  const spaces: Record<SharedSpace, LRUCache<string, string>> = {
    signature: new LRUCache({ max: signatures, ttl: rememberedFor }),
  };

  return {
    /** Stores a value unless the name already has one. @returns the previous value */
    putIfAbsent(space: SharedSpace, name: string, value: string): string | undefined {
      const previous = spaces[space].get(name);
      if (previous === undefined) spaces[space].set(name, value);
      return previous;
    },
  };
}
