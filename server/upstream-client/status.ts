import { z } from 'zod';
import { type Fault, faults } from './failure.ts';
import { healthOf, type UpstreamFigures, type UpstreamHealth } from './observer.ts';

const breakers = ['closed', 'half_open', 'open'] as const;

type State = {
  name: string;
  title: string;
  /** Whether the operator has set where it is. */
  configured: boolean;
  breaker: (typeof breakers)[number];
  /** Calls that have a connection now, those that wait for one, and streams. */
  running: number;
  waiting: number;
  streams: number;
};

export type UpstreamStatus = State & UpstreamHealth;
/** An upstream as one worker has seen it. */
export type UpstreamSnapshot = State & UpstreamFigures;

const fault = z.custom<Fault>((given) => typeof given === 'string' && Object.hasOwn(faults, given));

/** Sights of another worker, as they came over a channel. */
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
    tries: z.int(),
    times: z.array(z.number()),
    lastFailure: z.object({ fault, at: z.coerce.date() }).nullable(),
    cache: z.object({ miss: z.int(), hit: z.int(), stale: z.int() }),
    bytesReceived: z.number(),
    bytesSent: z.number(),
  }),
);

/** What several workers have seen of one upstream: sums, the worst circuit breaker and the latest failure. */
function together(one: UpstreamSnapshot, other: UpstreamSnapshot): UpstreamSnapshot {
  const failures = [one.lastFailure, other.lastFailure].filter((failure) => failure !== null);
  return {
    ...one,
    breaker: breakers[Math.max(breakers.indexOf(one.breaker), breakers.indexOf(other.breaker))] ?? 'open',
    running: one.running + other.running,
    waiting: one.waiting + other.waiting,
    streams: one.streams + other.streams,
    calls: one.calls + other.calls,
    failures: one.failures + other.failures,
    tries: one.tries + other.tries,
    times: [...one.times, ...other.times],
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

/** @param others what other workers have seen */
export function statusOf(own: UpstreamSnapshot[], others: UpstreamSnapshot[] = []): UpstreamStatus[] {
  return own.map((sight) => {
    const same = others.filter(({ name }) => name === sight.name);
    const { name, title, configured, breaker, running, waiting, streams, ...figures } = same.reduce(
      together,
      sight,
    );
    return { name, title, configured, breaker, running, waiting, streams, ...healthOf(figures) };
  });
}
