import type { BreakerState } from './circuit-breaker.ts';
import type { Fault } from './failure.ts';

/** Who wants to know what happens between this server and its upstreams. All names are of closed sets. */
export type UpstreamObserver = {
  /** One try, or a refusal to try. */
  tried(upstream: string, outcome: 'ok' | Fault): void;
  /** One call with all its tries, from start to the last byte; answers out of the cache are none. */
  called(upstream: string, outcome: 'ok' | Fault, seconds: number): void;
  answered(upstream: string, cache: 'miss' | 'hit' | 'stale'): void;
  transferred(upstream: string, direction: 'received' | 'sent', bytes: number): void;
  breakerChanged(upstream: string, state: BreakerState): void;
};

/** How an upstream has been lately, for people. */
export type UpstreamHealth = {
  calls: number;
  failures: number;
  /** Tries beyond the first of each call. */
  retries: number;
  lastFailure: { fault: Fault; at: Date } | null;
  /** Of the latest calls, in milliseconds; null before the first. */
  latency: { median: number; p95: number } | null;
  cache: { miss: number; hit: number; stale: number };
  bytesReceived: number;
  bytesSent: number;
};

/** What is kept of an upstream. Unlike its health it can be added up with what other workers have. */
export type UpstreamFigures = Omit<UpstreamHealth, 'latency' | 'retries'> & {
  tries: number;
  /** Milliseconds that the latest calls took. */
  times: number[];
};

/** Latest calls whose time is kept. */
const sampleSize = 200;

/** Keeps the health of each upstream and hands everything on. */
export function createHealthRecord(next: UpstreamObserver | undefined) {
  const records = new Map<string, UpstreamFigures>();

  function of(upstream: string): UpstreamFigures {
    const existing = records.get(upstream);
    if (existing) return existing;
    const created: UpstreamFigures = {
      calls: 0,
      failures: 0,
      tries: 0,
      lastFailure: null,
      times: [],
      cache: { miss: 0, hit: 0, stale: 0 },
      bytesReceived: 0,
      bytesSent: 0,
    };
    records.set(upstream, created);
    return created;
  }

  const observer: UpstreamObserver = {
    tried(upstream, outcome) {
      of(upstream).tries += 1;
      next?.tried(upstream, outcome);
    },
    called(upstream, outcome, seconds) {
      const record = of(upstream);
      record.calls += 1;
      record.times[record.calls % sampleSize] = seconds * 1000;
      if (outcome !== 'ok' && outcome !== 'cancelled' && outcome !== 'missing') {
        record.failures += 1;
        record.lastFailure = { fault: outcome, at: new Date() };
      }
      next?.called(upstream, outcome, seconds);
    },
    answered(upstream, cache) {
      of(upstream).cache[cache] += 1;
      next?.answered(upstream, cache);
    },
    transferred(upstream, direction, bytes) {
      of(upstream)[direction === 'received' ? 'bytesReceived' : 'bytesSent'] += bytes;
      next?.transferred(upstream, direction, bytes);
    },
    breakerChanged: (upstream, state) => next?.breakerChanged(upstream, state),
  };

  /** The latest of the calls is at no fixed place, and there may be holes. */
  const figuresOf = (upstream: string): UpstreamFigures => ({
    ...of(upstream),
    times: of(upstream).times.filter((time) => time !== undefined),
  });

  return { observer, figuresOf };
}

export function healthOf({ times, tries, ...figures }: UpstreamFigures): UpstreamHealth {
  const sorted = times.toSorted((a, b) => a - b);
  return { ...figures, retries: Math.max(0, tries - figures.calls), latency: latencyOf(sorted) };
}

function latencyOf(sorted: readonly number[]): UpstreamHealth['latency'] {
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const [median, p95] = [at(0.5), at(0.95)];
  if (median === undefined || p95 === undefined) return null;
  return { median: Math.round(median), p95: Math.round(p95) };
}
