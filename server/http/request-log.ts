import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { defineSingleton } from '../lib/singleton.ts';
import type { Logger } from '../observability/log.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import { coordinator } from '../process/coordinator.ts';

/** The status that is logged if the client disconnects first, as nginx does. It is never sent. */
export const clientClosedRequest = 499;

const readinessRoute = '/readyz';

export type RequestEvent = {
  method: string;
  /** The route's pattern, never text from the request. */
  route: string;
  scope: RequestScope;
  status: number;
  durationMs: number;
  /** The client disconnected before it got the response. */
  aborted: boolean;
};

/** The metrics that the HTTP layer records. */
export type RequestMetrics = {
  requestEnded(request: { route: string; method: string; status: number; seconds: number }): void;
};

/**
 * Logs one wide event per request: caller, route, status and duration. It contains no input, query string or client
 * address. Visitors are distinguished by a salted hash whose salt changes with each restart.
 */
export function logRequest(
  event: RequestEvent,
  { log, metrics }: { log: Logger; metrics: RequestMetrics },
): void {
  const { method, route, scope, durationMs } = event;
  // The client cannot have read the response, whatever its status was.
  const status = event.aborted ? clientClosedRequest : event.status;
  // A 503 from /readyz is expected and polled often: don't log it as an error.
  const isFailure = status >= 500 && route !== readinessRoute;
  const level = isFailure ? 'error' : status >= 400 ? 'warn' : 'info';
  log.event(
    level,
    {
      requestId: scope.requestId,
      method,
      route,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      bytesIn: scope.bytesIn,
      bytesOut: scope.bytesOut,
      caller: callerNameOf(scope.principal),
      calls: scope.calls,
    },
    'request',
  );
  metrics.requestEnded({ route, method, status, seconds: durationMs / 1000 });
}

function callerNameOf(principal: Principal | undefined): string {
  switch (principal?.kind) {
    case undefined:
      return 'unknown';
    case 'internal':
      return 'internal';
    case 'service':
      return `service:${principal.name}`;
    case 'visitor':
      return `visitor:${pseudonymOf(principal.key)}`;
    case 'user':
      return `user:${pseudonymOf(principal.user.id)}`;
  }
}

const pseudonyms = defineSingleton('log-pseudonyms', () => ({
  salt: coordinator()?.salt ?? randomBytes(16).toString('hex'),
  cache: new LRUCache<string, string>({ max: limits.rememberedAddresses }),
}));

function pseudonymOf(key: string): string {
  const { salt, cache } = pseudonyms.get();
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const pseudonym = hash('sha256', `${salt}${key}`, 'base64url').slice(0, 12);
  cache.set(key, pseudonym);
  return pseudonym;
}
