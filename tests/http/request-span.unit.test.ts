import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { endRequestSpan, incomingTrace, startRequestSpan } from '#server/http/request-span.ts';
import { createRequestScope } from '#server/observability/request-scope.ts';
import { currentTrace, type TraceContext } from '#server/observability/trace-context.ts';
import { type Attributes, type SpanOptions, tracing } from '#server/observability/tracing/span.ts';

const incoming: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
const serviceKeys = [
  { name: 'robot', sha256: createHash('sha256').update('key-of-robot').digest(), scopes: [] },
];
const { tracer } = tracing;
afterEach(() => {
  tracing.tracer = tracer;
});

type Recorded = {
  name: string;
  options: SpanOptions;
  attributes: Attributes;
  failure?: string;
  ended: number;
};

/** Records the spans that are started in this test. */
function recordSpans(): Recorded[] {
  const spans: Recorded[] = [];
  tracing.tracer = {
    start(name, options) {
      const recorded: Recorded = { name, options, attributes: {}, ended: 0 };
      spans.push(recorded);
      return {
        ...incoming,
        set: (attributes) => void Object.assign(recorded.attributes, attributes),
        fail: (type) => {
          recorded.failure = type;
        },
        end: () => {
          recorded.ended += 1;
        },
      };
    },
  };
  return spans;
}

function start(
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
  { route = '/rss.xml', parent }: { route?: string; parent?: TraceContext } = {},
) {
  const { url, signal, body } = new Request('http://localhost/rss.xml');
  const request = { method, url, signal, body, headers: new Headers(headers) };
  const scope = createRequestScope('request-1');
  return startRequestSpan(request, { route, scope, incoming: parent, serviceKeys });
}

describe('the span of a request', () => {
  test('has the method and the route, and starts a trace', () => {
    const spans = recordSpans();
    start();
    expect(spans).toMatchObject([
      {
        name: 'GET /rss.xml',
        options: {
          kind: 'server',
          parent: undefined,
          parentFrom: 'untrusted',
          attributes: {
            'http.request.method': 'GET',
            'http.route': '/rss.xml',
            'bff.request_id': 'request-1',
          },
        },
      },
    ]);
  });

  test.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('keeps the method %s', (method) => {
    const spans = recordSpans();
    start({ method });
    expect(spans).toMatchObject([
      { name: `${method} /rss.xml`, options: { attributes: { 'http.request.method': method } } },
    ]);
  });

  test.each(['PROPFIND', 'get', 'TEXT-OF-A-CALLER'])('does not contain another method: %s', (method) => {
    const spans = recordSpans();
    start({ method });
    expect(spans).toMatchObject([
      { name: 'HTTP /rss.xml', options: { attributes: { 'http.request.method': '_OTHER' } } },
    ]);
  });

  test.each([
    ['a service', { authorization: 'Bearer key-of-robot' }, 'service'],
    ['a caller with an unknown key', { authorization: 'Bearer unknown' }, 'untrusted'],
    ['a visitor', {}, 'untrusted'],
  ])('continues the trace of %s', (_, headers, parentFrom) => {
    const spans = recordSpans();
    start({ headers }, { parent: incoming });
    expect(spans).toMatchObject([{ options: { kind: 'server', parent: incoming, parentFrom } }]);
  });

  test('is a part of the span that the server has started already', () => {
    const spans = recordSpans();
    const outer = { ...incoming, spanId: 'c'.repeat(16) };
    currentTrace.run(outer, () => start({}, { parent: incoming }));
    expect(spans[0]?.options).toMatchObject({ kind: 'internal', parent: outer });
    expect(spans[0]?.options).not.toHaveProperty('parentFrom');
  });

  test.each(['/healthz', '/readyz', '/metrics'])('is not started for %s', (route) => {
    const spans = recordSpans();
    expect(start({}, { route })).toBeUndefined();
    expect(spans).toEqual([]);
  });

  test('is not started without tracing', () => {
    tracing.tracer = undefined;
    expect(start()).toBeUndefined();
  });

  test('of a page has no id of the HTTP layer', () => {
    const spans = recordSpans();
    const request = new Request('http://localhost/');
    startRequestSpan(request, { route: '/', incoming: undefined, serviceKeys });
    expect(spans[0]?.options.attributes).toEqual({ 'http.request.method': 'GET', 'http.route': '/' });
  });
});

describe('at the end of a request', () => {
  function end(options: { status: number; aborted?: boolean; isPage?: boolean; kind?: 'internal' }) {
    const spans = recordSpans();
    const span = start();
    if (!span) throw new Error('there is no span');
    const scope = createRequestScope('request-1');
    if (options.kind) scope.principal = { kind: options.kind };
    endRequestSpan(span, {
      ...(options.isPage ? {} : { scope }),
      status: options.status,
      aborted: options.aborted ?? false,
    });
    const [recorded] = spans;
    if (!recorded) throw new Error('there is no span');
    const { attributes, failure, ended } = recorded;
    return { attributes, failure, ended };
  }

  test.each([
    [200, undefined],
    [404, undefined],
    [499, undefined],
    [500, '500'],
    [503, '503'],
  ])('the span with the status %i has the failure %j', (status, failure) => {
    expect(end({ status })).toEqual({
      attributes: { 'http.response.status_code': status, 'bff.caller': 'unknown' },
      failure,
      ended: 1,
    });
  });

  test('a client that has left is neither a success nor a failure', () => {
    expect(end({ status: 500, aborted: true })).toMatchObject({
      attributes: { 'http.response.status_code': 499 },
      failure: undefined,
    });
  });

  test('the span has the kind of the caller, but that of a page has none', () => {
    expect(end({ status: 200, kind: 'internal' }).attributes['bff.caller']).toBe('internal');
    expect(end({ status: 200, isPage: true }).attributes).toEqual({ 'http.response.status_code': 200 });
  });
});

test('the trace of a request is that of its headers', () => {
  const { traceId, spanId } = incoming;
  const traceparent = `00-${traceId}-${spanId}-01`;
  expect(incomingTrace(new Headers({ traceparent, tracestate: 'a=b' }))).toEqual({
    ...incoming,
    traceState: 'a=b',
  });
  expect(incomingTrace(new Headers({ tracestate: 'a=b' }))).toBeUndefined();
});
