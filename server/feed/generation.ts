import type { SharedRedis } from '../redis.ts';

/** A mark that all instances see: when it changes, what they hold of the feed is old. */
export type Generation = {
  /** Undefined while it cannot be told. */
  current(): Promise<string | undefined>;
  /** @returns the new mark; undefined when the other instances could not be told */
  advance(): Promise<string | undefined>;
};

const key = 'typed-bff:feed:generation';

/** The mark in Redis: one GET for each request to the feed, so that a change is seen by the very next one. */
export function createGeneration(redis: SharedRedis): Generation {
  return {
    async current() {
      const stored = await redis.attempt((client) => client.get(key));
      return stored && (stored.value ?? 'none');
    },
    async advance() {
      // Never a number: counted from the start again after Redis lost its data, it could be one that was seen before.
      const mark = crypto.randomUUID();
      return (await redis.attempt((client) => client.set(key, mark))) && mark;
    },
  };
}
