import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../config/limits.ts';
import type { HttpServices } from '../http/handle-request.ts';
import { requestIdOf } from '../http/request-id.ts';
import { logRequest } from '../http/request-log.ts';
import { createRequestScope } from '../observability/request-scope.ts';
import { overloadedPage, overloadedPagePolicy } from './overloaded-page.ts';

const { concurrentPages: pagesAtOnce, pageRetryAfterSeconds } = limits.nodeServer;

/**
 * Pages take a place each while Next works on them: one costs as much as some fifty calls, which must not wait behind
 * hundreds.
 */
export function createPageConcurrency() {
  let taken = 0;
  return {
    /** @returns false when all places are taken */
    take(response: ServerResponse): boolean {
      if (taken >= pagesAtOnce) return false;
      taken += 1;
      response.once('close', () => {
        taken -= 1;
      });
      return true;
    },
  };
}

/** Tells a reader to come back; in HTML, for who asked for a page reads it. */
export function writeOverloaded(
  request: IncomingMessage,
  response: ServerResponse,
  services: HttpServices,
): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const body = overloadedPage(scope.requestId);
  response.writeHead(503, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': overloadedPagePolicy,
    'retry-after': String(pageRetryAfterSeconds),
    'x-request-id': scope.requestId,
  });
  response.end(body);
  logRequest(
    {
      method: request.method ?? '',
      route: 'page',
      scope,
      status: 503,
      durationMs: 0,
      aborted: false,
    },
    services,
  );
}
