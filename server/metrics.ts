import cluster from 'node:cluster';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { ClientLimitName, QuotaName } from './config/rate-limits.ts';
import type { ErrorReason } from './errors.ts';
import type { RefreshOutcome } from './identity/access-tokens.ts';
import { type SignInMethod, type SignInOutcome, signInMethods, signInOutcomes } from './identity/identity.ts';
import { type JobEvent, jobEvents } from './jobs/events.ts';
import type { JobCount } from './jobs/operations.ts';
import { jobStatuses } from './jobs/tables.ts';
import { openStreamCount } from './live/open-streams.ts';
import type { MailEvent } from './mail/events.ts';
import type { MailState } from './mail/tables.ts';
import type { DropReason } from './node-server/connections.ts';
import type { EventLoopDelays } from './observability/event-loop.ts';
import { droppedLogLines } from './observability/log.ts';
import type { Coordinator } from './process/coordinator.ts';
import type { UpstreamObserver } from './upstream-client/observer.ts';
import { type Acceptance, acceptances } from './webhooks/acceptance.ts';

/** In seconds: from a cached response to the longest upstream deadline. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** The outcome of a delivery: how it was accepted, or the reason for its rejection. */
export type WebhookOutcome = Acceptance | ErrorReason;

/** As `/readyz` names them. */
type Dependency = 'database' | 'identityProvider' | 'redis';

export type Metrics = {
  callEnded(call: { procedure: string; outcome: 'ok' | ErrorReason; seconds: number }): void;
  requestEnded(request: { route: string; method: string; status: number; seconds: number }): void;
  rateLimited(name: ClientLimitName | QuotaName): void;
  upstreams: UpstreamObserver;
  mailEvent(event: MailEvent): void;
  signInEnded(signIn: { method: SignInMethod; outcome: SignInOutcome }): void;
  tokensRefreshed(outcome: RefreshOutcome): void;
  /** Adds the gauge of dependencies. `isUp` is called on each scrape and must not wait for the dependency. */
  observeDependencies(isUp: Partial<Record<Dependency, () => boolean>>): void;
  /** Adds the gauge of open sessions. `count` is called on each scrape and must not wait. */
  observeSessions(count: () => number | undefined): void;
  /** Adds the gauge of mails by state. `counts` is called on each scrape. */
  observeMailCounts(counts: () => Promise<Record<MailState, number>>): void;
  jobEvent(name: string, event: JobEvent): void;
  /** An attempt of a job has ended. */
  jobEnded(name: string, seconds: number): void;
  /** Adds the gauge of jobs by name and status. `counts` is called on each scrape. */
  observeJobCounts(jobs: readonly { name: string }[], counts: () => Promise<JobCount[]>): void;
  /** A delivery of a webhook has ended. */
  webhookEnded(webhook: string, outcome: WebhookOutcome): void;
  /** Names the webhooks that can have deliveries. */
  observeWebhooks(names: readonly string[]): void;
  connectionDropped(reason: DropReason): void;
  eventLoopBlocked(block: { work: string; seconds: number }): void;
  /** Adds the gauge of the event loop's delays. `read` is called on each scrape. */
  observeEventLoopDelays(read: () => EventLoopDelays): void;
  /** Returns the metrics in the Prometheus text format, summed over all workers. */
  text(): Promise<string>;
  /** Returns the same metrics in prom-client's JSON format. */
  json(): Promise<object[]>;
  /** Returns only this process's metrics, to be summed with those of the other workers. */
  snapshot(): Promise<object[]>;
  contentType: string;
};

/** Creates the metrics. All label values come from closed sets: text from a request never becomes a label. */
export function createMetrics(
  coordinator?: Pick<Coordinator, 'broadcast' | 'onBroadcast' | 'startedAt'>,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  /** Metrics with the same value in every worker, which must not be summed. */
  const common = new Registry();
  collectDefaultMetrics({ register: registry });
  addDroppedLogLines(registers);
  // prom-client's aggregation of several workers omits the start time.
  if (coordinator) addStartTime(coordinator.startedAt, [common]);

  const calls = new Counter({
    name: 'bff_calls_total',
    help: 'Procedure calls by outcome: ok or the reason of the error',
    labelNames: ['procedure', 'outcome'],
    registers,
  });
  const callDuration = new Histogram({
    name: 'bff_call_duration_seconds',
    help: 'Duration of procedure calls',
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
    help: 'Duration of requests',
    labelNames: ['route'],
    buckets: durationBuckets,
    registers,
  });
  const rateLimited = new Counter({
    name: 'bff_rate_limited_total',
    help: 'Calls and pages rejected by a rate limit',
    labelNames: ['class'],
    registers,
  });

  const signIns = new Counter({
    name: 'bff_sign_ins_total',
    help: 'Finished sign-ins by method (provider or email) and outcome: ok, denied (by the provider or this site), failed or unavailable',
    labelNames: ['method', 'outcome'],
    registers,
  });

  // Without it the first event would show no increase.
  for (const method of signInMethods) {
    for (const outcome of signInOutcomes) signIns.inc({ method, outcome }, 0);
  }

  const tokenRefreshes = new Counter({
    name: 'bff_token_refreshes_total',
    help: 'Requests for new access tokens of users: ok, refused (by the provider: the user must sign in again) or unavailable',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['ok', 'refused', 'unavailable'] as const) tokenRefreshes.inc({ outcome }, 0);

  new Gauge({
    name: 'bff_live_streams',
    help: 'Open streams of subscriptions',
    registers,
    collect() {
      this.set(openStreamCount());
    },
  });

  const dropped = new Counter({
    name: 'bff_connections_dropped_total',
    help: 'Connections that were not accepted: total, client (limits) or accept (an error of the system)',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['total', 'client', 'accept'] as const) dropped.inc({ reason }, 0);

  const snapshot = () => registry.getMetricsAsJSON();
  coordinator?.onBroadcast('metrics', snapshot);
  coordinator?.onBroadcast('commonMetrics', () => common.getMetricsAsJSON());
  const summed = async () => (coordinator ? sumOver(coordinator, snapshot) : registry);

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
    observeDependencies: (isUp) => addDependencies(isUp, registers),
    signInEnded: (signIn) => signIns.inc(signIn),
    observeSessions: (count) => addSessions(count, registers),
    tokensRefreshed: (outcome) => tokenRefreshes.inc({ outcome }),
    connectionDropped: (reason) => dropped.inc({ reason }),
    upstreams: createUpstreamMetrics(registers),
    ...createMailMetrics(registers, [common]),
    ...createJobMetrics(registers, [common]),
    ...createWebhookMetrics(registers),
    ...createEventLoopMetrics(registers),
    text: async () => (await (await summed()).metrics()) + (await common.metrics()),
    json: async () => [...(await (await summed()).getMetricsAsJSON()), ...(await common.getMetricsAsJSON())],
    snapshot,
    contentType: registry.contentType,
  };
}

function addDroppedLogLines(registers: Registry[]): void {
  new Counter({
    name: 'bff_log_lines_dropped_total',
    help: 'Log lines dropped because the reader of the log did not keep up',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
}

function addDependencies(isUp: Partial<Record<Dependency, () => boolean>>, registers: Registry[]): void {
  new Gauge({
    name: 'bff_dependency_up',
    help: '1 if the latest use or check of a dependency succeeded; the minimum of all workers',
    labelNames: ['dependency'],
    aggregator: 'min',
    registers,
    collect() {
      for (const [dependency, check] of Object.entries(isUp)) this.set({ dependency }, check() ? 1 : 0);
    },
  });
}

function addSessions(count: () => number | undefined, registers: Registry[]): void {
  new Gauge({
    name: 'bff_sessions',
    help: 'Open sessions of users, counted once a minute; every instance with the same database reports the same number',
    // One worker counts. A worker that no longer does has no sample.
    aggregator: 'max',
    registers,
    collect() {
      this.reset();
      const latest = count();
      if (latest === undefined) this.remove();
      else this.set(latest);
    },
  });
}

function addStartTime(startedAt: Date, registers: Registry[]): void {
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the first worker with this code and these settings, in seconds since the Unix epoch',
    registers,
  }).set(Math.round(startedAt.getTime() / 1000));
}

async function sumOver(
  coordinator: Pick<Coordinator, 'broadcast'>,
  snapshot: Metrics['snapshot'],
): Promise<Registry> {
  const own = await snapshot();
  return sumOf([own, ...(await coordinator.broadcast('metrics', own))]);
}

/** Sums the snapshots of several workers. */
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
): Pick<Metrics, 'mailEvent' | 'observeMailCounts'> {
  const events = new Counter({
    name: 'bff_mail_events_total',
    help: 'Mail events: accepted, held, duplicate, suspected, refused, sent, retried, dead, expired, transport_down',
    labelNames: ['event'],
    registers,
  });
  return {
    mailEvent: (event) => events.inc({ event }),
    observeMailCounts(counts) {
      new Gauge({
        name: 'bff_mails',
        help: 'Mails in the outbox by state; no samples while the database is down',
        labelNames: ['status'],
        registers: common,
        async collect() {
          this.reset();
          const byStatus = await counts().catch(() => ({}));
          for (const [status, count] of Object.entries(byStatus)) this.set({ status }, count);
        },
      });
    },
  };
}

function createWebhookMetrics(registers: Registry[]): Pick<Metrics, 'webhookEnded' | 'observeWebhooks'> {
  const deliveries = new Counter({
    name: 'bff_webhooks_total',
    help: 'Deliveries of webhooks by outcome: accepted, duplicate, ignored or the reason of the error',
    labelNames: ['webhook', 'outcome'],
    registers,
  });
  return {
    webhookEnded: (webhook, outcome) => deliveries.inc({ webhook, outcome }),
    observeWebhooks(names) {
      // Without it the first event would show no increase.
      for (const webhook of names) {
        for (const outcome of [...acceptances, 'unauthorized']) deliveries.inc({ webhook, outcome }, 0);
      }
    },
  };
}

function createJobMetrics(
  registers: Registry[],
  common: Registry[],
): Pick<Metrics, 'jobEvent' | 'jobEnded' | 'observeJobCounts'> {
  const events = new Counter({
    name: 'bff_jobs_events_total',
    help: 'Job events: accepted, duplicate, done, retried, dead, unavailable',
    labelNames: ['name', 'event'],
    registers,
  });
  const duration = new Histogram({
    name: 'bff_jobs_duration_seconds',
    help: 'Duration of attempts of jobs',
    labelNames: ['name'],
    buckets: [0.01, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800],
    registers,
  });
  return {
    jobEvent: (name, event) => events.inc({ name, event }),
    jobEnded: (name, seconds) => duration.observe({ name }, seconds),
    observeJobCounts(jobs, counts) {
      const names = new Set(jobs.map(({ name }) => name));
      for (const name of names) {
        duration.zero({ name });
        // Without it the first event would show no increase.
        for (const event of jobEvents) events.inc({ name, event }, 0);
      }
      new Gauge({
        name: 'bff_jobs',
        help: 'Jobs by name and status; `unknown` are those that this version does not have; no samples while the database is down',
        labelNames: ['name', 'status'],
        registers: common,
        async collect() {
          this.reset();
          const all = await counts().catch(() => undefined);
          if (!all) return;
          for (const name of names) for (const status of jobStatuses) this.set({ name, status }, 0);
          for (const { name, status, count } of all)
            this.inc({ name: names.has(name) ? name : 'unknown', status }, count);
        },
      });
    },
  };
}

function createEventLoopMetrics(
  registers: Registry[],
): Pick<Metrics, 'eventLoopBlocked' | 'observeEventLoopDelays'> {
  const blocked = new Histogram({
    name: 'bff_event_loop_blocked_seconds',
    help: 'Times of more than 50 ms in which the event loop was blocked, by the work that blocked it',
    labelNames: ['work'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  // Without it the first block would show no increase.
  blocked.zero({ work: 'unknown' });
  return {
    eventLoopBlocked: ({ work, seconds }) => blocked.observe({ work }, seconds),
    observeEventLoopDelays(read) {
      new Gauge({
        name: 'bff_event_loop_delay_seconds',
        help: 'Delay of timers in each worker in the last one to two minutes, by quantile; worker 0 is the only process',
        labelNames: ['worker', 'quantile'],
        registers,
        collect() {
          const worker = cluster.worker?.id ?? 0;
          for (const [quantile, seconds] of Object.entries(read())) this.set({ worker, quantile }, seconds);
        },
      });
    },
  };
}

const breakerValues = { closed: 0, half_open: 1, open: 2 };

function createUpstreamMetrics(registers: Registry[]): UpstreamObserver {
  const attempts = new Counter({
    name: 'bff_upstream_tries_total',
    help: 'Attempts to call an upstream by outcome: ok or the kind of failure, including attempts rejected locally',
    labelNames: ['upstream', 'outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'bff_upstream_calls_total',
    help: 'Calls to upstreams, each with all its attempts, by outcome: ok or the kind of failure',
    labelNames: ['upstream', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'bff_upstream_call_duration_seconds',
    help: 'Duration of calls to upstreams with all attempts; for streams until the response head',
    labelNames: ['upstream'],
    buckets: durationBuckets,
    registers,
  });
  const responses = new Counter({
    name: 'bff_upstream_answers_total',
    help: 'Responses of cached endpoints by source: miss, hit or stale',
    labelNames: ['upstream', 'cache'],
    registers,
  });
  const bytes = new Counter({
    name: 'bff_upstream_bytes_total',
    help: 'Decoded body bytes received from and sent to upstreams',
    labelNames: ['upstream', 'direction'],
    registers,
  });
  const breaker = new Gauge({
    name: 'bff_upstream_breaker_state',
    help: 'Circuit breaker of an upstream: 0 closed, 1 half open, 2 open; the maximum of all workers',
    labelNames: ['upstream'],
    aggregator: 'max',
    registers,
  });
  return {
    attemptEnded: (upstream, outcome) => attempts.inc({ upstream, outcome }),
    callEnded(upstream, outcome, seconds) {
      calls.inc({ upstream, outcome });
      duration.observe({ upstream }, seconds);
    },
    cacheLookup: (upstream, cache) => responses.inc({ upstream, cache }),
    transferred: (upstream, direction, count) => bytes.inc({ upstream, direction }, count),
    breakerChanged: (upstream, state) => breaker.set({ upstream }, breakerValues[state]),
  };
}
