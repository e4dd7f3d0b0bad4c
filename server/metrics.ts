import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { ErrorReason } from './errors.ts';
import type { MailStatus } from './mail/database.ts';
import type { MailEvent } from './mail/events.ts';
import type { Coordinator } from './process/coordinator.ts';
import type { RateLimitClass } from './trpc/procedure-meta.ts';
import type { UpstreamObserver } from './upstream-client/observer.ts';

/** In seconds: from an answer out of memory to the longest that an upstream may take. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export type Metrics = {
  callEnded(call: { procedure: string; outcome: 'ok' | ErrorReason; seconds: number }): void;
  requestEnded(request: { route: string; method: string; status: number; seconds: number }): void;
  rateLimited(name: RateLimitClass): void;
  upstreams: UpstreamObserver;
  mailEvent(event: MailEvent): void;
  /** How many mails are in each state is asked when the metrics are. */
  watchMails(counts: () => Promise<Record<MailStatus, number>>): void;
  /** In Prometheus' text format, of all workers where there are several. */
  text(): Promise<string>;
  /** The same as prom-client's JSON. */
  json(): Promise<object[]>;
  /** What this process alone has counted, to be added up with others'. */
  snapshot(): Promise<object[]>;
  contentType: string;
};

/** What is counted and timed. Labels are of closed sets: nothing that a caller writes becomes one. */
export function createMetrics(machine?: Pick<Coordinator, 'askOthers' | 'onAsk' | 'startedAt'>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  /** What is the same wherever it is asked, and so must not be added up. */
  const common = new Registry();
  collectDefaultMetrics({ register: registry });
  // Of several workers prom-client leaves it out.
  if (machine) tellStart(machine.startedAt, [common]);

  const calls = new Counter({
    name: 'bff_calls_total',
    help: 'Calls of procedures by outcome: ok or the reason of the error',
    labelNames: ['procedure', 'outcome'],
    registers,
  });
  const callDuration = new Histogram({
    name: 'bff_call_duration_seconds',
    help: 'Time that calls of procedures took',
    labelNames: ['procedure'],
    buckets: durationBuckets,
    registers,
  });
  const requests = new Counter({
    name: 'bff_requests_total',
    help: 'Requests by route and status',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const requestDuration = new Histogram({
    name: 'bff_request_duration_seconds',
    help: 'Time that requests took',
    labelNames: ['route'],
    buckets: durationBuckets,
    registers,
  });
  const rateLimited = new Counter({
    name: 'bff_rate_limited_total',
    help: 'Calls refused because a bucket was empty',
    labelNames: ['class'],
    registers,
  });

  const snapshot = () => registry.getMetricsAsJSON();
  machine?.onAsk('metrics', snapshot);
  machine?.onAsk('commonMetrics', () => common.getMetricsAsJSON());
  const summed = async () => (machine ? sumOver(machine, snapshot) : registry);

  return {
    callEnded({ procedure, outcome, seconds }) {
      calls.inc({ procedure, outcome });
      callDuration.observe({ procedure }, seconds);
    },
    requestEnded({ route, method, status, seconds }) {
      requests.inc({ route, method: knownMethod(method), status });
      requestDuration.observe({ route }, seconds);
    },
    rateLimited: (name) => rateLimited.inc({ class: name }),
    upstreams: createUpstreamMetrics(registers),
    ...createMailMetrics(registers, [common]),
    text: async () => (await (await summed()).metrics()) + (await common.metrics()),
    json: async () => [...(await (await summed()).getMetricsAsJSON()), ...(await common.getMetricsAsJSON())],
    snapshot,
    contentType: registry.contentType,
  };
}

function tellStart(startedAt: Date, registers: Registry[]): void {
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the first worker with this code and these settings since unix epoch in seconds.',
    registers,
  }).set(Math.round(startedAt.getTime() / 1000));
}

async function sumOver(
  machine: Pick<Coordinator, 'askOthers'>,
  snapshot: Metrics['snapshot'],
): Promise<Registry> {
  const own = await snapshot();
  return sumOf([own, ...(await machine.askOthers('metrics', own))]);
}

/** Adds up what several workers have counted. */
export function sumOf(snapshots: unknown[]): Registry {
  return AggregatorRegistry.aggregate(z.array(z.array(z.looseObject({}))).parse(snapshots));
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function knownMethod(method: string): string {
  return methods.has(method) ? method : 'other';
}

function createMailMetrics(
  registers: Registry[],
  common: Registry[],
): Pick<Metrics, 'mailEvent' | 'watchMails'> {
  const events = new Counter({
    name: 'bff_mail_events_total',
    help: 'What became of mails: accepted, held, duplicate, dropped, refused, sent, retried, dead, transport_down',
    labelNames: ['event'],
    registers,
  });
  return {
    mailEvent: (event) => events.inc({ event }),
    watchMails(counts) {
      new Gauge({
        name: 'bff_mails',
        help: 'Mails of the outbox by state; without a sample while the storage cannot be asked',
        labelNames: ['status'],
        registers: common,
        async collect() {
          this.reset();
          const found = await counts().catch(() => ({}));
          for (const [status, count] of Object.entries(found)) this.set({ status }, count);
        },
      });
    },
  };
}

const breakerValues = { closed: 0, half_open: 1, open: 2 };

function createUpstreamMetrics(registers: Registry[]): UpstreamObserver {
  const tries = new Counter({
    name: 'bff_upstream_tries_total',
    help: 'Tries to get an answer from an upstream by outcome: ok, or what went wrong; refusals to try included',
    labelNames: ['upstream', 'outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'bff_upstream_calls_total',
    help: 'Calls to upstreams, with all their tries, by outcome: ok, or what went wrong',
    labelNames: ['upstream', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'bff_upstream_call_duration_seconds',
    help: 'Time that calls to upstreams took, with all their tries; for streams until the head of the answer',
    labelNames: ['upstream'],
    buckets: durationBuckets,
    registers,
  });
  const answers = new Counter({
    name: 'bff_upstream_answers_total',
    help: 'Answers of endpoints with a cache, by where they came from: miss, hit or stale',
    labelNames: ['upstream', 'cache'],
    registers,
  });
  const bytes = new Counter({
    name: 'bff_upstream_bytes_total',
    help: 'Bytes of bodies, decoded, received from and sent to upstreams',
    labelNames: ['upstream', 'direction'],
    registers,
  });
  const breaker = new Gauge({
    name: 'bff_upstream_breaker_state',
    help: 'Circuit breaker of an upstream: 0 closed, 1 half open, 2 open; of several workers the worst',
    labelNames: ['upstream'],
    aggregator: 'max',
    registers,
  });
  return {
    tried: (upstream, outcome) => tries.inc({ upstream, outcome }),
    called(upstream, outcome, seconds) {
      calls.inc({ upstream, outcome });
      duration.observe({ upstream }, seconds);
    },
    answered: (upstream, cache) => answers.inc({ upstream, cache }),
    transferred: (upstream, direction, count) => bytes.inc({ upstream, direction }, count),
    breakerChanged: (upstream, state) => breaker.set({ upstream }, breakerValues[state]),
  };
}
