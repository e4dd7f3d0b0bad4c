import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Fault, faults } from './failure.ts';
import { historyOf, type UpstreamHistory } from './history.ts';
import { healthOf, type UpstreamHealth, type UpstreamStats } from './observer.ts';

const breakers = ['closed', 'half_open', 'open'] as const;

type State = {
  name: string;
  title: string;
  /** True if the upstream's origin is configured. */
  configured: boolean;
  breaker: (typeof breakers)[number];
  /** Calls that have a connection. */
  running: number;
  /** Calls that wait for a connection. */
  waiting: number;
  streams: number;
};

export type UpstreamStatus = State & UpstreamHealth;
/** The state of an upstream as seen by one worker. */
export type UpstreamSnapshot = State & UpstreamStats;

const fault = z.custom<Fault>((value) => typeof value === 'string' && Object.hasOwn(faults, value));

/** Schema of another worker's snapshots, as received over IPC. */
export const snapshotsSchema: z.ZodType<UpstreamSnapshot[]> = z.array(
  z.object({
    name: z.string(),
    title: z.string(),
    configured: z.boolean(),
    breaker: z.enum(breakers),
    running: z.int(),
    waiting: z.int(),
    streams: z.int(),
    calls: z.int(),
    failures: z.int(),
    attempts: z.int(),
    durations: z.array(z.number()),
    // A worker of an earlier release has none.
    minutes: z
      .array(
        z.object({
          minute: z.int(),
          calls: z.int(),
          failures: z.int(),
          answered: z.int(),
          milliseconds: z.number(),
        }),
      )
      .default([]),
    lastFailure: z.object({ fault, at: z.coerce.date() }).nullable(),
    cache: z.object({ miss: z.int(), hit: z.int(), stale: z.int() }),
    bytesReceived: z.number(),
    bytesSent: z.number(),
  }),
);

/** All streams ask for the version of the same object. */
const versions = new WeakMap<readonly UpstreamStatus[], string>();

/** Returns a text that differs after each change. */
export function upstreamVersion(upstreams: readonly UpstreamStatus[]): string {
  const known = versions.get(upstreams);
  if (known !== undefined) return known;
  const version = createHash('sha1').update(JSON.stringify(upstreams)).digest('base64url');
  versions.set(upstreams, version);
  return version;
}

/** Combines the snapshots of two workers: sums, the worst breaker state and the latest failure. */
function combine(one: UpstreamSnapshot, other: UpstreamSnapshot): UpstreamSnapshot {
  const failures = [one.lastFailure, other.lastFailure].filter((failure) => failure !== null);
  return {
    ...one,
    breaker: breakers[Math.max(breakers.indexOf(one.breaker), breakers.indexOf(other.breaker))] ?? 'open',
    running: one.running + other.running,
    waiting: one.waiting + other.waiting,
    streams: one.streams + other.streams,
    calls: one.calls + other.calls,
    failures: one.failures + other.failures,
    attempts: one.attempts + other.attempts,
    durations: [...one.durations, ...other.durations],
    minutes: [...one.minutes, ...other.minutes],
    lastFailure: failures.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0] ?? null,
    cache: {
      miss: one.cache.miss + other.cache.miss,
      hit: one.cache.hit + other.cache.hit,
      stale: one.cache.stale + other.cache.stale,
    },
    bytesReceived: one.bytesReceived + other.bytesReceived,
    bytesSent: one.bytesSent + other.bytesSent,
  };
}

/** Combines the snapshots of each upstream. */
function combineAll(own: UpstreamSnapshot[], others: UpstreamSnapshot[]): UpstreamSnapshot[] {
  return own.map((snapshot) => others.filter(({ name }) => name === snapshot.name).reduce(combine, snapshot));
}

/**
 * Returns the status of each upstream.
 *
 * @param others snapshots of the other workers
 */
export function statusOf(own: UpstreamSnapshot[], others: UpstreamSnapshot[] = []): UpstreamStatus[] {
  return combineAll(own, others).map(
    ({ name, title, configured, breaker, running, waiting, streams, ...stats }) => ({
      name,
      title,
      configured,
      breaker,
      running,
      waiting,
      streams,
      ...healthOf(stats),
    }),
  );
}

/**
 * Returns the last hour of each upstream, by its name.
 *
 * @param others snapshots of the other workers
 */
export function historiesOf(
  own: UpstreamSnapshot[],
  others: UpstreamSnapshot[] = [],
): ReadonlyMap<string, UpstreamHistory> {
  return new Map(combineAll(own, others).map(({ name, minutes }) => [name, historyOf(minutes)]));
}
