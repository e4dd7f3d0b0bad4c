import { LRUCache } from 'lru-cache';
import { limits } from '../limits.ts';
import type { KeptSpace } from '../machine.ts';
import { consumeFrom, createMemoryStore, type RateLimitStore } from '../rate-limit/limiter.ts';
import type { RateLimitName, RateLimits } from '../rate-limit-state.ts';
import type { Charge } from './messages.ts';

/** What the workers would each remember by itself if they were not one machine. It outlives them. */
export function createSharedState(rateLimits: RateLimits) {
  const storeOf = (name: RateLimitName) => createMemoryStore(name, rateLimits[name]);
  const stores: Record<RateLimitName, RateLimitStore> = {
    light: storeOf('light'),
    upstream: storeOf('upstream'),
    mail: storeOf('mail'),
    mailSender: storeOf('mailSender'),
    mailSite: storeOf('mailSite'),
  };
  const { signatures, rememberedFor } = limits.webhook;
  const spaces: Record<KeptSpace, LRUCache<string, string>> = {
    signature: new LRUCache({ max: signatures, ttl: rememberedFor }),
    pretended: new LRUCache({ max: limits.mail.pretendedReceipts }),
  };

  return {
    charge: (charges: Charge[]): Promise<[number, number][]> =>
      Promise.all(
        charges.map(async ([name, bucket, points]) => {
          const { consumed, msBeforeNext } = await consumeFrom(stores[name], bucket, points);
          return [consumed, msBeforeNext] satisfies [number, number];
        }),
      ),
    keep(space: KeptSpace, name: string, value: string): string | undefined {
      const before = spaces[space].get(name);
      if (before === undefined) spaces[space].set(name, value);
      return before;
    },
    kept: (space: KeptSpace, name: string) => spaces[space].get(name),
  };
}
