import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { RateLimitName, RateLimits } from '../config/rate-limits.ts';
import { memoize } from '../lib/memoize.ts';
import { consumeFrom, createMemoryStore } from '../rate-limit/memory-store.ts';
import type { Charge, SharedChargeResult } from './ipc-messages.ts';

/** Requests the unused leases of a bucket from workers. @returns the number of returned calls */
type ReclaimLeases<Worker> = (workers: Worker[], name: RateLimitName, bucket: string) => Promise<number>;

/**
 * Counts the calls of all workers. A lease counts as consumed, so that a limit is never exceeded. Before the first call
 * is rejected, other workers return their unused leases, so that no call is rejected too early either. Only the lease
 * of a killed worker is lost until the window ends.
 */
export function createRateLimitServer<Worker>(rateLimits: RateLimits, reclaimLeases: ReclaimLeases<Worker>) {
  const storeOf = memoize((name: RateLimitName) => createMemoryStore(name, rateLimits[name]));
  /** Workers that may have an unused lease, by bucket. */
  const leaseHolders = new LRUCache<string, Set<Worker>>({ max: limits.cluster.trackedBuckets });
  const reclaims = new Map<string, Promise<number>>();

  /** Concurrent calls over the limit share one reclaim. */
  function reclaimOnce(name: RateLimitName, bucket: string, windowEndsAt: number): Promise<number> {
    const key = `${name} ${bucket}`;
    const running =
      reclaims.get(key) ?? reclaim(name, bucket, windowEndsAt).finally(() => reclaims.delete(key));
    reclaims.set(key, running);
    return running;
  }

  async function reclaim(name: RateLimitName, bucket: string, windowEndsAt: number): Promise<number> {
    const key = `${name} ${bucket}`;
    const holders = [...(leaseHolders.get(key) ?? [])];
    leaseHolders.delete(key);
    const points = holders.length === 0 ? 0 : await reclaimLeases(holders, name, bucket);
    if (points === 0 || performance.now() >= windowEndsAt) return 0;
    await storeOf(name).refund(bucket, points);
    return points;
  }

  async function chargeOne(
    worker: Worker,
    [name, bucket, points, requestedLease]: Charge,
  ): Promise<SharedChargeResult> {
    const { points: limit } = rateLimits[name];
    const { consumed, msBeforeNext } = await consumeFrom(storeOf(name), bucket, points);
    if (consumed > limit) {
      const reclaimed = await reclaimOnce(name, bucket, performance.now() + msBeforeNext);
      const stillConsumed = consumed - reclaimed;
      return { consumed: stillConsumed, msBeforeNext, lease: 0, isExhausted: stillConsumed > limit };
    }
    const lease = Math.min(requestedLease, Math.floor((limit - consumed) / limits.cluster.leaseFraction));
    if (lease > 0) {
      await consumeFrom(storeOf(name), bucket, lease);
      const key = `${name} ${bucket}`;
      leaseHolders.set(key, (leaseHolders.get(key) ?? new Set()).add(worker));
    }
    return { consumed, msBeforeNext, lease, isExhausted: false };
  }

  return (worker: Worker, charges: Charge[]): Promise<SharedChargeResult[]> =>
    Promise.all(charges.map((charge) => chargeOne(worker, charge)));
}
