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

/** The state of a bucket that this worker uses until its window ends. */
type CachedBucket = {
  windowEndsAt: number;
  /** Points consumed by all workers, including this worker's whole lease. */
  consumed: number;
  /** Calls that may be allowed without a request to the primary. */
  remainingLease: number;
  /** No call is allowed before the window ends. */
  isExhausted: boolean;
  updatedAt: number;
  /** The size of the last requested lease. */
  requestedLease: number;
};

export type RateLimitClient = {
  /** @returns undefined if the primary does not respond */
  charge(name: RateLimitName, bucket: string): Promise<ChargeResult | undefined>;
  /** Gives up the unused part of this worker's lease. @returns its number of calls */
  returnLease(name: RateLimitName, bucket: string): Promise<number>;
};

/**
 * Charges calls at the primary, with few messages even under load: all charges of one turn of the event loop are sent
 * in one message, with one entry per bucket; a frequently charged bucket with many points left gets a lease of further
 * calls; and an exhausted bucket is not charged again before its window ends.
 *
 * @param send returns undefined on timeout
 */
export function createRateLimitClient(send: (charges: Charge[]) => Promise<unknown>): RateLimitClient {
  const buckets = new LRUCache<string, CachedBucket>({ max: limits.cluster.trackedBuckets });
  /** Keys of the buckets with a lease request in flight. */
  const leaseRequests = new Set<string>();
  let pending = new Map<string, PendingCharge>();

  /** @returns undefined if the primary must be asked */
  function chargeLocally(key: string): ChargeResult | undefined {
    const bucket = buckets.get(key);
    if (!bucket || (bucket.remainingLease === 0 && !bucket.isExhausted)) return undefined;
    const msBeforeNext = bucket.windowEndsAt - performance.now();
    if (msBeforeNext <= 0) return undefined;
    if (bucket.remainingLease > 0) bucket.remainingLease -= 1;
    return { consumed: bucket.consumed - bucket.remainingLease, msBeforeNext };
  }

  async function flush(): Promise<void> {
    const sentAt = performance.now();
    const sent = [...pending].map(([key, { name, bucket, calls }]) => {
      const cached = buckets.get(key);
      const mayRequestLease = !leaseRequests.has(key);
      const lease = mayRequestLease ? nextLease(cached, sentAt) : 0;
      if (lease > 0) leaseRequests.add(key);
      const charge: Charge = [name, bucket, calls.length, lease];
      return { key, charge, calls, requestedLease: mayRequestLease ? lease : (cached?.requestedLease ?? 0) };
    });
    pending = new Map();
    const { data: results } = chargedSchema.safeParse(await send(sent.map(({ charge }) => charge)));
    for (const [index, { key, charge, calls, requestedLease }] of sent.entries()) {
      const result = results?.[index];
      if (charge[3] > 0) leaseRequests.delete(key);
      if (result) updateBucket(key, result, { requestedLease, sentAt });
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

  function updateBucket(
    key: string,
    { consumed, msBeforeNext, lease, isExhausted }: SharedChargeResult,
    { requestedLease, sentAt }: { requestedLease: number; sentAt: number },
  ): void {
    const cached = buckets.get(key);
    const updatedAt = performance.now();
    // Keeps the lease from an earlier response.
    if (cached && cached.remainingLease > 0 && cached.windowEndsAt > updatedAt && lease === 0) return;
    buckets.set(key, {
      // Counted from the request, not from the response, so that it is never later than the end at the primary.
      windowEndsAt: sentAt + msBeforeNext,
      consumed: consumed + lease,
      remainingLease: lease,
      isExhausted,
      updatedAt,
      requestedLease,
    });
  }

  return {
    async charge(name, bucket) {
      const key = `${name} ${bucket}`;
      return chargeLocally(key) ?? (await chargePrimary(key, name, bucket));
    },
    async returnLease(name, bucket) {
      // A lease that arrived in the same turn of the event loop has not been stored yet.
      await new Promise(setImmediate);
      const cached = buckets.get(`${name} ${bucket}`);
      if (!cached || cached.windowEndsAt <= performance.now()) return 0;
      const returned = cached.remainingLease;
      cached.remainingLease = 0;
      return returned;
    },
  };
}

/** Returns the size of the next lease. It doubles each time, as long as the leases are used up quickly. */
function nextLease(bucket: CachedBucket | undefined, now: number): number {
  const { leaseWindow, maxLease } = limits.cluster;
  if (!bucket || now - bucket.updatedAt > leaseWindow) return 0;
  return Math.min(maxLease, Math.max(1, bucket.requestedLease * 2));
}

/** Returns the state of the bucket after one call of a charge. @param later number of calls of the charge after it */
function resultOfCall({ consumed, msBeforeNext }: SharedChargeResult, later: number): ChargeResult {
  return { consumed: consumed - later, msBeforeNext };
}
