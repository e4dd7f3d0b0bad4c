import { AsyncLocalStorage } from 'node:async_hooks';
import type { RateLimitState } from '../config/rate-limits.ts';
import type { ErrorReason } from '../errors.ts';
import { singleton } from '../lib/singleton.ts';
import type { Principal } from '../principal.ts';
import type { RateLimitClass } from '../trpc/procedure-meta.ts';
import { currentTrace } from './trace-context.ts';

/** One call of a procedure, for the log: what became of it, never what it carried. */
export type CallRecord = {
  /** The request's id, with the call's place in a batch. */
  id: string;
  procedure: string;
  outcome: 'ok' | ErrorReason;
  durationMs: number;
};

/** What belongs to the request being handled, readable from anywhere below it without being passed along. */
export type RequestScope = {
  requestId: string;
  /** Set once it is known who calls. */
  principal?: Principal;
  /** Several calls in one request: then each has an id of its own. */
  isBatch: boolean;
  /** In the order in which they ended. */
  calls: CallRecord[];
  /** Where the buckets stand that calls of this request were charged to. */
  rateLimits: Map<RateLimitClass, RateLimitState>;
  /** The longest wait that a failed call asks for. */
  retryAfterSeconds?: number;
  bytesIn: number;
  bytesOut: number;
};

export function createRequestScope(requestId: string): RequestScope {
  return { requestId, isBatch: false, calls: [], rateLimits: new Map(), bytesIn: 0, bytesOut: 0 };
}

/** One for the process: instrumentation, routes and pages each have a copy of this module. */
export const requestScope = singleton('request-scope', () => new AsyncLocalStorage<RequestScope>());

/** Runs what belongs to no request, though one may have set it off. */
export function outsideRequests<T>(run: () => T): T {
  return requestScope.exit(() => currentTrace.exit(run));
}
