import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { RateLimitName } from '../config/rate-limits.ts';
import type { Charged } from '../rate-limit/memory-store.ts';
import { type Charge, chargedSchema, type SharedCharged } from './ipc-messages.ts';

type Waiting = { name: RateLimitName; bucket: string; calls: ((charged: Charged | undefined) => void)[] };

/** What this worker can tell of a bucket by itself, until its window ends. */
type Known = {
  endsAt: number;
  /** Of all workers, with what this one was let have ahead. */
  consumed: number;
  /** Calls that it may still let through unasked. */
  left: number;
  /** Nothing is to be had before the window ends. */
  isSpent: boolean;
  answeredAt: number;
  /** How many were asked for at last. */
  ahead: number;
};

export type RateLimitClient = {
  /** @returns undefined when the primary does not answer */
  charge(name: RateLimitName, bucket: string): Promise<Charged | undefined>;
  /** Gives up what is left of what this worker was let have ahead. @returns how many calls that were */
  returnLease(name: RateLimitName, bucket: string): Promise<number>;
};

/**
 * Charges calls at the primary. All of one turn of the event loop go in one message, those to one bucket as one
 * charge; of a bucket that is asked for all the time and has plenty left, this worker is let have some calls ahead; and
 * one that is spent is not asked for again before its window ends. So a busy worker says little more than an idle one.
 *
 * @param send undefined when there is no answer
 */
export function createRateLimitClient(send: (charges: Charge[]) => Promise<unknown>): RateLimitClient {
  const buckets = new LRUCache<string, Known>({ max: limits.cluster.trackedBuckets });
  /** Those of which calls ahead are asked for at the moment. */
  const asked = new Set<string>();
  let waiting = new Map<string, Waiting>();

  /** Undefined where the primary must be asked. */
  function chargeLocally(key: string): Charged | undefined {
    const known = buckets.get(key);
    if (!known || (known.left === 0 && !known.isSpent)) return undefined;
    const msBeforeNext = known.endsAt - performance.now();
    if (msBeforeNext <= 0) return undefined;
    if (known.left > 0) known.left -= 1;
    return { consumed: known.consumed - known.left, msBeforeNext };
  }

  async function flush(): Promise<void> {
    const sentAt = performance.now();
    const sent = [...waiting].map(([key, { name, bucket, calls }]) => {
      const known = buckets.get(key);
      const isFirst = !asked.has(key);
      const ahead = isFirst ? nextLease(known, sentAt) : 0;
      if (ahead > 0) asked.add(key);
      const charge: Charge = [name, bucket, calls.length, ahead];
      return { key, charge, calls, ahead: isFirst ? ahead : (known?.ahead ?? 0) };
    });
    waiting = new Map();
    const { data: answer } = chargedSchema.safeParse(await send(sent.map(({ charge }) => charge)));
    for (const [at, { key, charge, calls, ahead }] of sent.entries()) {
      const charged = answer?.[at];
      if (charge[3] > 0) asked.delete(key);
      if (charged) remember(key, charged, { ahead, sentAt });
      for (const [nth, call] of calls.entries()) call(charged && chargedAt(charged, calls.length - 1 - nth));
    }
  }

  function chargePrimary(key: string, name: RateLimitName, bucket: string): Promise<Charged | undefined> {
    return new Promise((resolve) => {
      if (waiting.size === 0) setImmediate(() => void flush());
      const known = waiting.get(key);
      if (known) known.calls.push(resolve);
      else waiting.set(key, { name, bucket, calls: [resolve] });
    });
  }

  function remember(
    key: string,
    { consumed, msBeforeNext, ahead: left, isSpent }: SharedCharged,
    { ahead, sentAt }: { ahead: number; sentAt: number },
  ): void {
    const known = buckets.get(key);
    const answeredAt = performance.now();
    // What another question brought stays.
    if (known && known.left > 0 && known.endsAt > answeredAt && left === 0) return;
    // Since it was asked, not since it is answered: never later than the primary's own end of the window.
    const endsAt = sentAt + msBeforeNext;
    buckets.set(key, { endsAt, consumed: consumed + left, left, isSpent, answeredAt, ahead });
  }

  return {
    async charge(name, bucket) {
      const key = `${name} ${bucket}`;
      return chargeLocally(key) ?? (await chargePrimary(key, name, bucket));
    },
    async returnLease(name, bucket) {
      // An answer that came in the same turn is not taken in yet.
      await new Promise(setImmediate);
      const known = buckets.get(`${name} ${bucket}`);
      if (!known || known.endsAt <= performance.now()) return 0;
      const { left } = known;
      known.left = 0;
      return left;
    },
  };
}

/** Twice as many each time, as long as they are soon used up. */
function nextLease(known: Known | undefined, now: number): number {
  const { leaseWindow: aheadWithin, maxLease: callsAhead } = limits.cluster;
  if (!known || now - known.answeredAt > aheadWithin) return 0;
  return Math.min(callsAhead, Math.max(1, known.ahead * 2));
}

/** Where the bucket stood for a call after which so many others of its charge came. */
function chargedAt({ consumed, msBeforeNext }: SharedCharged, later: number): Charged {
  return { consumed: consumed - later, msBeforeNext };
}
