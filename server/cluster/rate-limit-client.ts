import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { ChargeResult, RateLimitName } from '../config/rate-limits.ts';
import { type Charge, chargedSchema, type SharedChargeResult } from './ipc-messages.ts';

type PendingCharge = {
  name: RateLimitName;
  bucket: string;
  /** Resolves each call of the charge. */
  calls: ((result: ChargeResult | undefined) => void)[];
};

/** A bucket that allows no call before its window ends. */
type ExhaustedBucket = { consumed: number; windowEndsAt: number };

export type RateLimitClient = {
  /** @returns undefined if the primary does not respond */
  charge(name: RateLimitName, bucket: string): Promise<ChargeResult | undefined>;
};

/**
 * Charges calls at the primary, with few messages even under load: all charges of one turn of the event loop are sent
 * in one message, with one entry per bucket, and an exhausted bucket is not charged again before its window ends.
 *
 * @param send returns undefined on timeout
 */
export function createRateLimitClient(send: (charges: Charge[]) => Promise<unknown>): RateLimitClient {
  const exhausted = new LRUCache<string, ExhaustedBucket>({ max: limits.cluster.trackedBuckets });
  let pending = new Map<string, PendingCharge>();

  function rejectLocally(key: string): ChargeResult | undefined {
    const bucket = exhausted.get(key);
    if (!bucket) return undefined;
    const msBeforeNext = bucket.windowEndsAt - performance.now();
    return msBeforeNext > 0 ? { consumed: bucket.consumed, msBeforeNext } : undefined;
  }

  async function flush(): Promise<void> {
    const sentAt = performance.now();
    const sent = [...pending];
    pending = new Map();
    const charges = sent.map(([, { name, bucket, calls }]): Charge => [name, bucket, calls.length]);
    const { data: results } = chargedSchema.safeParse(await send(charges));
    for (const [index, [key, { calls }]] of sent.entries()) {
      const result = results?.[index];
      if (result?.isExhausted) {
        // Counted from the request, not from the response, so that it is never later than the end at the primary.
        exhausted.set(key, { consumed: result.consumed, windowEndsAt: sentAt + result.msBeforeNext });
      }
      for (const [nth, resolve] of calls.entries()) {
        resolve(result && resultOfCall(result, calls.length - 1 - nth));
      }
    }
  }

  function chargePrimary(
    key: string,
    name: RateLimitName,
    bucket: string,
  ): Promise<ChargeResult | undefined> {
    return new Promise((resolve) => {
      if (pending.size === 0) setImmediate(() => void flush());
      const charge = pending.get(key);
      if (charge) charge.calls.push(resolve);
      else pending.set(key, { name, bucket, calls: [resolve] });
    });
  }

  return {
    async charge(name, bucket) {
      const key = `${name} ${bucket}`;
      return rejectLocally(key) ?? (await chargePrimary(key, name, bucket));
    },
  };
}

/** Returns the state of the bucket after one call of a charge. @param later number of calls of the charge after it */
function resultOfCall({ consumed, msBeforeNext }: SharedChargeResult, later: number): ChargeResult {
  return { consumed: consumed - later, msBeforeNext };
}
