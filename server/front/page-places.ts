import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdOf } from '../door/request-id.ts';
import { logRequest } from '../door/request-log.ts';
import { limits } from '../limits.ts';
import { createRequestScope } from '../request-scope.ts';
import { busyPage, busyPagePolicy } from './busy-page.ts';

const { pagesAtOnce, pageRetryAfterSeconds } = limits.front;

/**
 * Pages take a place each while Next works on them: one costs as much as some fifty calls, which must not wait behind
 * hundreds.
 */
export function createPagePlaces() {
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
export function writeBusy(request: IncomingMessage, response: ServerResponse): void {
  const scope = createRequestScope(requestIdOf(String(request.headers['x-request-id'] ?? '')));
  const body = busyPage(scope.requestId);
  response.writeHead(503, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': busyPagePolicy,
    'retry-after': String(pageRetryAfterSeconds),
    'x-request-id': scope.requestId,
  });
  response.end(body);
  logRequest({
    method: request.method ?? '',
    route: 'page',
    scope,
    status: 503,
    durationMs: 0,
    aborted: false,
  });
}
