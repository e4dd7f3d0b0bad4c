import { productName } from '../config/product-name.ts';
import type { SharedRedis } from '../redis.ts';

/** A marker shared by all instances: a new value invalidates the feeds they have cached. */
export type Generation = {
  /** Undefined while Redis is unavailable. */
  current(): Promise<string | undefined>;
  /** @returns the new marker; undefined if it could not be stored, so that other instances do not see it */
  advance(): Promise<string | undefined>;
};

const key = `${productName}:feed:generation`;

/** Stores the marker in Redis. Each feed request costs one GET, so that the next request already sees a change. */
export function createGeneration(redis: SharedRedis): Generation {
  return {
    async current() {
      const stored = await redis.attempt((client) => client.get(key));
      return stored && (stored.value ?? 'none');
    },
    async advance() {
      // Not a counter: after Redis lost its data, it would restart and could repeat a value that was seen before.
      const marker = crypto.randomUUID();
      return (await redis.attempt((client) => client.set(key, marker))) && marker;
    },
  };
}
