import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../principal.ts';
import type { RequestScope } from '../request-scope.ts';
import { services } from '../services.ts';
import { singleton } from '../singleton.ts';
import type { Route } from './serve.ts';

/**
 * One wide event for each request: who, what, how it ended, how long it took. No input, no query string, no
 * address: visitors are told apart by a hash that means nothing after a restart.
 */
export function logRequest(event: {
  request: Request;
  route: Route;
  scope: RequestScope;
  status: number;
  durationMs: number;
}): void {
  const { request, route, scope, status, durationMs } = event;
  const { log, metrics } = services();
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
  log[level](
    {
      method: request.method,
      route: route.name,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      bytesIn: scope.bytesIn,
      bytesOut: scope.bytesOut,
      caller: nameOf(scope.principal),
      calls: scope.calls,
    },
    'request',
  );
  metrics.requestEnded({ route: route.name, method: request.method, status, seconds: durationMs / 1000 });
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
  const salt = singleton('log-salt', () => randomBytes(16));
  return createHash('sha256').update(salt).update(key).digest('base64url').slice(0, 12);
}
