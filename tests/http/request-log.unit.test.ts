import { describe, expect, test, vi } from 'vitest';
import { logRequest, type RequestEvent } from '#server/http/request-log.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRequestScope } from '#server/observability/request-scope.ts';
import type { Principal } from '#server/principal.ts';

/** Logs a request, and returns its line and what is counted. */
function logged(event: Partial<RequestEvent>, principal?: Principal) {
  const lines: unknown[] = [];
  const requestEnded = vi.fn();
  const scope = createRequestScope('request-1');
  if (principal) scope.principal = principal;
  scope.bytesIn = 7;
  scope.bytesOut = 9;
  scope.calls.push({ id: 'request-1', procedure: 'echo.body', outcome: 'ok', durationMs: 1.2 });
  logRequest(
    { method: 'GET', route: '/rss.xml', scope, status: 200, durationMs: 12.3456, aborted: false, ...event },
    {
      log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
      metrics: { requestEnded },
    },
  );
  return { line: lines[0], requestEnded };
}

test('the line of a request has its facts, and the same are counted', () => {
  const { line, requestEnded } = logged({});
  expect(line).toEqual({
    level: 'info',
    time: expect.any(String),
    requestId: 'request-1',
    method: 'GET',
    route: '/rss.xml',
    status: 200,
    durationMs: 12.3,
    bytesIn: 7,
    bytesOut: 9,
    caller: 'unknown',
    calls: [{ id: 'request-1', procedure: 'echo.body', outcome: 'ok', durationMs: 1.2 }],
    msg: 'request',
  });
  expect(requestEnded).toHaveBeenCalledExactlyOnceWith({
    route: '/rss.xml',
    method: 'GET',
    status: 200,
    seconds: 0.0123456,
  });
});

test.each([
  { route: '/rss.xml', status: 200, level: 'info' },
  { route: '/rss.xml', status: 399, level: 'info' },
  { route: '/rss.xml', status: 400, level: 'warn' },
  { route: '/rss.xml', status: 499, level: 'warn' },
  { route: '/rss.xml', status: 500, level: 'error' },
  { route: '/rss.xml', status: 503, level: 'error' },
  // An expected response, which is polled often.
  { route: '/readyz', status: 503, level: 'warn' },
  { route: '/readyz', status: 200, level: 'info' },
  { route: '/healthz', status: 503, level: 'error' },
])('a $status from $route is logged as $level', ({ level, ...event }) => {
  expect(logged(event).line).toMatchObject({ level });
});

test.each([200, 500])(
  'a caller that left before the response with status %d has the status 499',
  (status) => {
    const { line, requestEnded } = logged({ status, aborted: true });
    expect(line).toMatchObject({ level: 'warn', status: 499 });
    expect(requestEnded).toHaveBeenCalledWith(expect.objectContaining({ status: 499 }));
  },
);

describe('the caller', () => {
  const callerOf = (principal?: Principal) => Object(logged({}, principal).line).caller;

  test('is named by its kind', () => {
    expect(callerOf({ kind: 'internal' })).toBe('internal');
    expect(callerOf({ kind: 'service', name: 'robot', scopes: [] })).toBe('service:robot');
  });

  test('is a pseudonym if it is a visitor: the same for the same address', () => {
    const first = callerOf({ kind: 'visitor', key: '192.0.2.1' });
    expect(first).toMatch(/^visitor:[\w-]{12}$/);
    expect(callerOf({ kind: 'visitor', key: '192.0.2.1' })).toBe(first);
    expect(callerOf({ kind: 'visitor', key: '192.0.2.2' })).not.toBe(first);
  });
});
