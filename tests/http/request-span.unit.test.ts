import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { endRequestSpan, incomingTrace, startRequestSpan } from '#server/http/request-span.ts';
import { createRequestScope } from '#server/observability/request-scope.ts';
import { currentTrace } from '#server/observability/trace-context.ts';
import { type Span, tracing } from '#server/observability/tracing/span.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';

const spans = recordSpans();

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const key = 'key-of-another-service';
const serviceKeys = [{ name: 'robot', sha256: createHash('sha256').update(key).digest(), scopes: [] }];

function start(
  init: RequestInit = {},
  { route = '/api/trpc/[trpc]', scope = createRequestScope('request-1') } = {},
) {
  const request = new Request('https://site.example/api/trpc/echo.body', init);
  return startRequestSpan(request, { route, scope, incoming: incomingTrace(request.headers), serviceKeys });
}

function started(...args: Parameters<typeof start>): Span {
  const span = start(...args);
  if (!span) throw new Error('no span was started');
  return span;
}

describe('the span of a request', () => {
  test.each([
    ['GET', 'GET /api/trpc/[trpc]', 'GET'],
    ['OPTIONS', 'OPTIONS /api/trpc/[trpc]', 'OPTIONS'],
    ['QUERY', 'HTTP /api/trpc/[trpc]', '_OTHER'],
  ])('by %s is named %s', (method, name, attribute) => {
    start({ method });
    expect(spans).toMatchObject([{ name, kind: 'server', parent: undefined, ends: 0 }]);
    expect(spans[0]?.attributes).toEqual({
      'http.request.method': attribute,
      'http.route': '/api/trpc/[trpc]',
      'bff.request_id': 'request-1',
    });
  });

  test.each([
    [{}, 'untrusted'],
    [{ authorization: `Bearer ${key}` }, 'service'],
    [{ authorization: 'Bearer wrong' }, 'untrusted'],
  ])('continues the trace of a caller with %j, who is %s', (headers, parentFrom) => {
    start({ headers: { traceparent, ...headers } });
    expect(spans).toMatchObject([{ kind: 'server', parent: { traceId }, parentFrom }]);
  });

  test('is below that of a page, whatever the caller sent', () => {
    const page = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
    currentTrace.run(page, () => start({ headers: { traceparent } }));
    expect(spans).toMatchObject([{ kind: 'internal', parent: page }]);
  });

  test.each(['/healthz', '/readyz', '/metrics'])('is not recorded at %s', (route) => {
    expect(start({}, { route })).toBeUndefined();
    expect(spans).toEqual([]);
  });

  test('is not recorded without tracing', () => {
    tracing.tracer = undefined;
    expect(start()).toBeUndefined();
  });
});

describe('the end of a request', () => {
  test.each([
    [200, undefined],
    [499, undefined],
    [500, '500'],
    [503, '503'],
  ])('with the status %d has failed as %s', (status, failed) => {
    const scope = createRequestScope('request-1');
    scope.principal = { kind: 'visitor', key: '192.0.2.1' };
    endRequestSpan(started(), { scope, status, aborted: false });
    expect(spans).toMatchObject([{ failed, ends: 1 }]);
    expect(spans[0]?.attributes).toMatchObject({
      'http.response.status_code': status,
      'bff.caller': 'visitor',
    });
  });

  test.each([200, 500])(
    'for a caller that left has the status 499 and no failure, whatever it was: %d',
    (status) => {
      endRequestSpan(started(), { scope: createRequestScope('request-1'), status, aborted: true });
      expect(spans).toMatchObject([{ failed: undefined, ends: 1 }]);
      expect(spans[0]?.attributes).toMatchObject({
        'http.response.status_code': 499,
        'bff.caller': 'unknown',
      });
    },
  );
});

test.each([
  [{}, undefined],
  [{ tracestate: 'vendor=opaque' }, undefined],
  [{ traceparent: 'nonsense' }, undefined],
  [{ traceparent }, { traceId, spanId: 'b7ad6b7169203331', isSampled: true }],
])('the trace of a request with %j is %j', (headers, expected) => {
  expect(incomingTrace(new Headers(headers))).toEqual(expected);
});
