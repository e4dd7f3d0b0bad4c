import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientLimitName, RateLimitState } from '../config/rate-limits.ts';
import type { ErrorReason } from '../errors.ts';
import { defineSingleton } from '../lib/singleton.ts';
import type { Principal } from '../principal.ts';
import { currentTrace } from './trace-context.ts';

/** Log record of a procedure call. It contains the outcome, but neither input nor output. */
export type CallRecord = {
  /** The request's id. In a batch, followed by the call's index. */
  id: string;
  procedure: string;
  outcome: 'ok' | ErrorReason;
  durationMs: number;
};

/** State of the current request, available to all code that handles it. */
export type RequestScope = {
  requestId: string;
  /** Set after authentication. */
  principal?: Principal;
  /** True for a batch, in which each call has its own id. */
  isBatch: boolean;
  /** In order of completion. */
  calls: CallRecord[];
  /** State of the buckets that calls of this request were charged to. */
  rateLimits: Map<ClientLimitName, RateLimitState>;
  /** The longest Retry-After of the failed calls. */
  retryAfterSeconds?: number;
  bytesIn: number;
  bytesOut: number;
  /** Set if calls are still running when the response begins. Resolves when the response has ended. */
  streamed?: Promise<void>;
};

export function createRequestScope(requestId: string): RequestScope {
  return { requestId, isBatch: false, calls: [], rateLimits: new Map(), bytesIn: 0, bytesOut: 0 };
}

export const requestScope = defineSingleton(
  'request-scope',
  () => new AsyncLocalStorage<RequestScope>(),
).get();

/** Runs work that does not belong to a request, even if one triggered it. */
export function outsideRequests<T>(run: () => T): T {
  return requestScope.exit(() => currentTrace.exit(run));
}
