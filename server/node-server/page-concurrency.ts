import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../config/limits.ts';
import type { HttpServices } from '../http/handle-request.ts';
import { requestIdOf } from '../http/request-id.ts';
import { logRequest } from '../http/request-log.ts';
import { createRequestScope } from '../observability/request-scope.ts';
import { overloadedPage, overloadedPagePolicy } from './overloaded-page.ts';

const { concurrentPages, pageRetryAfterSeconds } = limits.nodeServer;

/**
 * Limits concurrent page renders. One render costs about as much as fifty calls, which must not queue behind hundreds
 * of renders.
 */
export function createPageConcurrency() {
  let active = 0;
  return {
    /** Counts a render until its response is closed. @returns false if the limit is reached */
    acquire(response: ServerResponse): boolean {
      if (active >= concurrentPages) return false;
      active += 1;
      response.once('close', () => {
        active -= 1;
      });
      return true;
    },
  };
}

/** Sends a 503 with an HTML page, because the reader asked for a page, and a Retry-After. */
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
