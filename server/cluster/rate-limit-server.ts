import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { RateLimitName, RateLimits } from '../config/rate-limits.ts';
import { consumeFrom, createMemoryStore, type MemoryStore } from '../rate-limit/memory-store.ts';
import type { Charge, SharedCharged } from './ipc-messages.ts';

/** Asks workers for what they have left of a bucket. @returns how many calls come back */
export type ReclaimLeases<Worker> = (
  workers: Worker[],
  name: RateLimitName,
  bucket: string,
) => Promise<number>;

/**
 * Counts the calls of all workers. What one of them is let have ahead counts as spent, so a limit is never passed; before
 * the first call is refused, what others have not used of theirs comes back, so none is refused too early either. Only
 * what a worker had that was killed is lost, until the window ends.
 */
export function createRateLimitServer<Worker>(rateLimits: RateLimits, reclaimLeases: ReclaimLeases<Worker>) {
  const storeOf = (name: RateLimitName) => createMemoryStore(name, rateLimits[name]);
  const stores: Record<RateLimitName, MemoryStore> = {
    light: storeOf('light'),
    upstream: storeOf('upstream'),
    mail: storeOf('mail'),
    mailSender: storeOf('mailSender'),
    mailSite: storeOf('mailSite'),
  };
  /** Who may have something left of a bucket, by its name. */
  const holders = new LRUCache<string, Set<Worker>>({ max: limits.cluster.trackedBuckets });
  const returning = new Map<string, Promise<number>>();

  /** Those that are refused at one time wait for the same return. */
  function returned(name: RateLimitName, bucket: string, endsAt: number): Promise<number> {
    const key = `${name} ${bucket}`;
    const under = returning.get(key) ?? reclaim(name, bucket, endsAt).finally(() => returning.delete(key));
    returning.set(key, under);
    return under;
  }

  async function reclaim(name: RateLimitName, bucket: string, endsAt: number): Promise<number> {
    const key = `${name} ${bucket}`;
    const asked = [...(holders.get(key) ?? [])];
    holders.delete(key);
    const points = asked.length === 0 ? 0 : await reclaimLeases(asked, name, bucket);
    if (points === 0 || performance.now() >= endsAt) return 0;
    await stores[name].refund(bucket, points);
    return points;
  }

  async function chargeOne(worker: Worker, [name, bucket, points, asked]: Charge): Promise<SharedCharged> {
    const { points: limit } = rateLimits[name];
    const { consumed, msBeforeNext } = await consumeFrom(stores[name], bucket, points);
    if (consumed > limit) {
      const left = consumed - (await returned(name, bucket, performance.now() + msBeforeNext));
      return { consumed: left, msBeforeNext, ahead: 0, isSpent: left > limit };
    }
    const ahead = Math.min(asked, Math.floor((limit - consumed) / limits.cluster.leaseFraction));
    if (ahead > 0) {
      await consumeFrom(stores[name], bucket, ahead);
      const key = `${name} ${bucket}`;
      holders.set(key, (holders.get(key) ?? new Set()).add(worker));
    }
    return { consumed, msBeforeNext, ahead, isSpent: false };
  }

  return (worker: Worker, charges: Charge[]): Promise<SharedCharged[]> =>
    Promise.all(charges.map((charge) => chargeOne(worker, charge)));
}
