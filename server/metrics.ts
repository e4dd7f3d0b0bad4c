import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { ErrorReason } from './errors.ts';
import type { RateLimitClass } from './procedure-meta.ts';

/** In seconds: from an answer out of memory to the longest that an upstream may take. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export type Metrics = {
  callEnded(call: { procedure: string; outcome: 'ok' | ErrorReason; seconds: number }): void;
  requestEnded(request: { route: string; method: string; status: number; seconds: number }): void;
  rateLimited(name: RateLimitClass): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  contentType: string;
};

/** What is counted and timed. Labels are of closed sets: nothing that a caller writes becomes one. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

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
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function knownMethod(method: string): string {
  return methods.has(method) ? method : 'other';
}
