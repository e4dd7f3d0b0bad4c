import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { singleton } from '../lib/singleton.ts';
import type { Logger } from '../observability/log.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import type { Principal } from '../principal.ts';
import { coordinator } from '../process/coordinator.ts';

/** What logs commonly call a request whose client went away; it is never sent. */
export const clientClosedRequest = 499;

const readinessRoute = '/readyz';

export type RequestEvent = {
  method: string;
  /** The route's pattern, never what a caller wrote. */
  route: string;
  scope: RequestScope;
  status: number;
  durationMs: number;
  /** The client went away before the answer. */
  aborted: boolean;
};

/** Counts requests. */
export type RequestMetrics = {
  requestEnded(request: { route: string; method: string; status: number; seconds: number }): void;
};

/**
 * One wide event for each request: who, what, how it ended, how long it took. No input, no query string, no
 * address: visitors are told apart by a hash that means nothing after a restart.
 */
export function logRequest(
  event: RequestEvent,
  { log, metrics }: { log: Logger; metrics: RequestMetrics },
): void {
  const { method, route, scope, durationMs } = event;
  // Whatever was answered, nobody was there to read it.
  const status = event.aborted ? clientClosedRequest : event.status;
  // Not to be ready is an answer, and it is asked for all the time.
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
      caller: nameOf(scope.principal),
      calls: scope.calls,
    },
    'request',
  );
  metrics.requestEnded({ route, method, status, seconds: durationMs / 1000 });
}

function nameOf(principal: Principal | undefined): string {
  switch (principal?.kind) {
    case undefined:
      return 'unknown';
    case 'internal':
      return 'internal';
    case 'service':
      return `service:${principal.name}`;
    case 'visitor':
      return `visitor:${pseudonymOf(principal.key)}`;
  }
}

function pseudonymOf(key: string): string {
  const { salt, known } = singleton('log-pseudonyms', () => ({
    salt: coordinator()?.salt ?? randomBytes(16).toString('hex'),
    known: new LRUCache<string, string>({ max: limits.rememberedAddresses }),
  }));
  const pseudonym = known.get(key);
  if (pseudonym !== undefined) return pseudonym;
  const made = hash('sha256', `${salt}${key}`, 'base64url').slice(0, 12);
  known.set(key, made);
  return made;
}
