import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { type Handler, handleRequest, type Route } from '#server/http/handle-request.ts';
import type { HttpRequest } from '#server/http/request.ts';
import { requestScope } from '#server/observability/request-scope.ts';
import { currentTrace } from '#server/observability/trace-context.ts';
import { workRecord } from '#server/observability/work.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';
import { recordedServices } from './support/services.ts';

const state = { points: 5, windowSeconds: 60, allowed: true, remaining: 4, resetSeconds: 30 };
const succeeds: Handler = async () => ({ status: 200, headers: { 'x-own': 'kept' }, body: 'text' });
const fails = (error: unknown): Handler => {
  return () => Promise.reject(error);
};

/** Handles a request with a route. Returns the response and what was recorded. */
async function handle(
  handler: Handler,
  {
    headers = {},
    ...given
  }: Partial<Omit<HttpRequest, 'headers'>> & { headers?: Record<string, string> } = {},
  route: Partial<Route> = {},
) {
  const recorded = recordedServices({ ALLOWED_ORIGINS: 'https://app.example.org' });
  const { method, url, signal, body } = new Request('https://bff.example.org/api/thing?secret=1');
  const request: HttpRequest = { method, url, signal, body, headers: new Headers(headers), ...given };
  const response = await handleRequest(
    request,
    { name: '/api/[thing]', handler, ...route },
    recorded.services,
  );
  return { response, ...recorded };
}

const errorOf = ({ body }: { body: unknown }) => JSON.parse(String(body)).error.json;

describe('a response', () => {
  test('of the handler gets the headers of all responses, and is logged and counted', async () => {
    const { response, lines, counted } = await handle(succeeds, {
      method: 'POST',
      headers: { 'x-request-id': 'request-1', origin: 'https://app.example.org' },
    });
    expect(response).toMatchObject({ status: 200, body: 'text' });
    expect(response.headers).toMatchObject({
      'x-own': 'kept',
      'x-request-id': 'request-1',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'strict-transport-security': 'max-age=31536000',
      'access-control-allow-origin': 'https://app.example.org',
    });
    expect(lines).toMatchObject([
      { level: 'info', requestId: 'request-1', route: '/api/[thing]', method: 'POST', status: 200 },
    ]);
    expect(counted).toEqual([
      { route: '/api/[thing]', method: 'POST', status: 200, seconds: expect.any(Number) },
    ]);
  });

  test('has the state of the buckets that were charged', async () => {
    const { response } = await handle(async (_, scope) => {
      scope.rateLimits.set('light', { ...state, name: 'light' });
      return { status: 200, headers: {}, body: null };
    });
    expect(response.headers.ratelimit).toBe('"light";r=4;t=30');
  });

  test('of an error has the headers of all responses and of the buckets, too', async () => {
    const { response, lines } = await handle(
      (_, scope) => {
        scope.rateLimits.set('light', { ...state, name: 'light', allowed: false });
        throw new AppError('rate_limited', { retryAfterSeconds: 30 });
      },
      { headers: { 'x-request-id': 'request-1' } },
    );
    expect(response).toMatchObject({ status: 429 });
    expect(response.headers).toMatchObject({
      'retry-after': '30',
      ratelimit: '"light";r=4;t=30',
      'x-request-id': 'request-1',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(errorOf(response).data).toMatchObject({ path: '/api/thing', requestId: 'request-1' });
    expect(lines).toMatchObject([{ level: 'warn', msg: 'request', status: 429 }]);
  });
});

describe('an error', () => {
  test('that is unexpected is a 500 without details, whose cause is logged under the id of the request', async () => {
    const { response, lines } = await handle(fails(new TypeError('secret')), {
      headers: { 'x-request-id': 'request-1' },
    });
    expect(response.status).toBe(500);
    expect(response.body).not.toContain('secret');
    expect(lines).toMatchObject([
      {
        level: 'error',
        msg: 'request failed',
        path: '/api/thing',
        reason: 'internal',
        requestId: 'request-1',
      },
      { level: 'error', msg: 'request', status: 500 },
    ]);
    expect(JSON.stringify(lines[0])).toContain('secret');
  });

  test.each([
    ['of an upstream is logged', 'upstream_timeout', 504, ['request failed', 'request']],
    ['of the caller is not logged', 'invalid_input', 400, ['request']],
  ] as const)('%s', async (_, reason, status, messages) => {
    const { response, lines } = await handle(fails(new AppError(reason)));
    expect(response.status).toBe(status);
    expect(lines.map(({ msg }) => msg)).toEqual(messages);
  });

  test('after the client has disconnected is no failure, and the request is logged as 499', async () => {
    const { lines, counted } = await handle(fails(new Error('aborted')), { signal: AbortSignal.abort() });
    expect(lines).toMatchObject([{ level: 'warn', msg: 'request', status: 499 }]);
    expect(counted).toMatchObject([{ status: 499 }]);
  });

  test('names the path that the route gives, and has the body of the route', async () => {
    const { response } = await handle(
      fails(new AppError('not_found')),
      {},
      {
        pathOf: ({ method }) => `own path of ${method}`,
        errorBody: ({ method }, { data }) => `${method} ${data.path}`,
      },
    );
    expect(response.body).toBe('GET own path of GET');
  });

  test('of a request whose URL is invalid has no path', async () => {
    const { response } = await handle(fails(new AppError('not_found')), { url: 'http://[/' });
    expect(errorOf(response).data.path).toBeNull();
  });
});

describe('a request for another host', () => {
  const headers = { host: 'evil.example' };

  test('does not reach the handler', async () => {
    const { response } = await handle(fails(new Error('reached')), { headers });
    expect(errorOf(response).data.reason).toBe('host_not_allowed');
  });

  test('reaches the handler of a route that accepts any host', async () => {
    expect((await handle(succeeds, { headers }, { hosts: 'any' })).response.status).toBe(200);
  });
});

test('the handler runs in the scope and in the trace of its request', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { 'x-request-id': 'request-1', traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const seen: unknown[] = [];
  await handle(
    async (_, scope) => {
      seen.push(requestScope.getStore() === scope, scope.requestId, currentTrace.getStore()?.traceId);
      return { status: 204, headers: {}, body: null };
    },
    { headers },
  );
  expect(seen).toEqual([true, 'request-1', traceId]);
  expect(requestScope.getStore()).toBeUndefined();
});

test('a request whose calls still run when its response begins is logged when they have ended', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { lines } = await handle(async (_, scope) => {
    scope.streamed = promise;
    return { status: 200, headers: {}, body: null };
  });
  expect(lines).toEqual([]);
  resolve();
  await promise;
  expect(lines).toMatchObject([{ msg: 'request', status: 200 }]);
});

describe('the work of a request', () => {
  fakeClocks();

  test.each([
    ['succeeds', succeeds],
    ['fails', fails(new AppError('not_found'))],
  ])('is over when the request %s, so that it is not blamed for what follows', async (_, handler) => {
    await handle(handler);
    workRecord.takeLongest();
    advance(50);
    expect(workRecord.takeLongest().work).not.toBe('/api/[thing]');
  });

  test('is known while it runs', async () => {
    const seen: unknown[] = [];
    await handle(async (...given) => {
      workRecord.takeLongest();
      advance(50);
      seen.push(workRecord.takeLongest());
      return succeeds(...given);
    });
    expect(seen).toEqual([{ work: '/api/[thing]', milliseconds: 50 }]);
  });

  test('is logged and counted with its duration', async () => {
    advance(7);
    const { lines, counted } = await handle(async (...given) => {
      advance(50);
      return succeeds(...given);
    });
    expect(lines).toMatchObject([{ durationMs: 50 }]);
    expect(counted).toMatchObject([{ seconds: 0.05 }]);
  });
});

describe('the span of a request', () => {
  const spans = recordSpans();

  test('has its status and ends with it', async () => {
    await handle(fails(new AppError('not_found')));
    expect(spans).toMatchObject([
      { name: 'GET /api/[thing]', attributes: { 'http.response.status_code': 404 }, ends: 1 },
    ]);
  });
});
