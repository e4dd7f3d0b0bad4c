import type { BreakerState } from './circuit-breaker.ts';
import type { Fault } from './failure.ts';
import { createMinuteRecord, type MinuteCounts } from './history.ts';

/** Receives events of the upstream client. All strings come from closed sets. */
export type UpstreamObserver = {
  /** Called after each attempt, including attempts that were rejected locally. */
  attemptEnded(upstream: string, outcome: 'ok' | Fault): void;
  /**
   * Called after each call with all its attempts. The duration is until the last byte of the body; for a stream, until
   * the head of the response. Responses from the cache are not calls.
   */
  callEnded(upstream: string, outcome: 'ok' | Fault, seconds: number): void;
  /** Called after each request to an endpoint with a cache. */
  cacheLookup(upstream: string, cache: 'miss' | 'hit' | 'stale'): void;
  transferred(upstream: string, direction: 'received' | 'sent', bytes: number): void;
  breakerChanged(upstream: string, state: BreakerState): void;
};

/** Recent health of an upstream, for the status page. */
export type UpstreamHealth = {
  calls: number;
  failures: number;
  /** Attempts after the first of each call. */
  retries: number;
  lastFailure: { fault: Fault; at: Date } | null;
  /** Latency of the latest calls in milliseconds. Null before the first call. */
  latency: { median: number; p95: number } | null;
  cache: { miss: number; hit: number; stale: number };
  bytesReceived: number;
  bytesSent: number;
};

/** Statistics from which the health is computed. Unlike the health they can be summed over workers. */
export type UpstreamStats = Omit<UpstreamHealth, 'latency' | 'retries'> & {
  attempts: number;
  /** Durations of the latest calls in milliseconds. */
  durations: number[];
  /** Counts of the last hour, without minutes in which no call ended. */
  minutes: MinuteCounts[];
};

type HealthRecord = Omit<UpstreamStats, 'minutes'> & { minutes: ReturnType<typeof createMinuteRecord> };

/** Number of durations that are kept. */
const sampleSize = 200;

/** Keeps the statistics of each upstream and forwards all events to `next`. */
export function createHealthRecord(next: UpstreamObserver | undefined) {
  const records = new Map<string, HealthRecord>();

  function recordOf(upstream: string): HealthRecord {
    const existing = records.get(upstream);
    if (existing) return existing;
    const created: HealthRecord = {
      calls: 0,
      failures: 0,
      attempts: 0,
      lastFailure: null,
      durations: [],
      minutes: createMinuteRecord(),
      cache: { miss: 0, hit: 0, stale: 0 },
      bytesReceived: 0,
      bytesSent: 0,
    };
    records.set(upstream, created);
    return created;
  }

  const observer: UpstreamObserver = {
    attemptEnded(upstream, outcome) {
      recordOf(upstream).attempts += 1;
      next?.attemptEnded(upstream, outcome);
    },
    callEnded(upstream, outcome, seconds) {
      const record = recordOf(upstream);
      record.calls += 1;
      record.durations[record.calls % sampleSize] = seconds * 1000;
      const failed = outcome !== 'ok' && outcome !== 'cancelled' && outcome !== 'missing';
      record.minutes.add({
        failed,
        seconds: outcome === 'ok' || outcome === 'missing' ? seconds : undefined,
      });
      if (failed) {
        record.failures += 1;
        record.lastFailure = { fault: outcome, at: new Date() };
      }
      next?.callEnded(upstream, outcome, seconds);
    },
    cacheLookup(upstream, cache) {
      recordOf(upstream).cache[cache] += 1;
      next?.cacheLookup(upstream, cache);
    },
    transferred(upstream, direction, bytes) {
      recordOf(upstream)[direction === 'received' ? 'bytesReceived' : 'bytesSent'] += bytes;
      next?.transferred(upstream, direction, bytes);
    },
    breakerChanged: (upstream, state) => next?.breakerChanged(upstream, state),
  };

  const statsOf = (upstream: string): UpstreamStats => ({
    ...recordOf(upstream),
    // `durations` is a ring buffer in which index 0 is filled last, so it may have a hole.
    durations: recordOf(upstream).durations.filter((duration) => duration !== undefined),
    minutes: recordOf(upstream).minutes.read(),
  });

  return { observer, statsOf };
}

export function healthOf({ durations, minutes: _, attempts, ...stats }: UpstreamStats): UpstreamHealth {
  const sorted = durations.toSorted((a, b) => a - b);
  return { ...stats, retries: Math.max(0, attempts - stats.calls), latency: latencyOf(sorted) };
}

function latencyOf(sorted: readonly number[]): UpstreamHealth['latency'] {
  const at = (fraction: number) => sorted[Math.floor(sorted.length * fraction)];
  const [median, p95] = [at(0.5), at(0.95)];
  if (median === undefined || p95 === undefined) return null;
  return { median: Math.round(median), p95: Math.round(p95) };
}
