import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorReason } from '#server/errors.ts';
import { expectError, post, rawRequest, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { newVisitor, statusOf } from './calls.ts';

const app = 'https://app.example.org';
/** The origin of an app on iOS that shows its pages in a web view. */
const mobile = 'capacitor://localhost';
const local = 'http://localhost:5173';

let closed: SharedProduct;
let open: Product;
beforeAll(async () => {
  closed = await sharedProduct();
  open = await startProduct({
    TRUSTED_PROXY_HOPS: '1',
    ALLOWED_ORIGINS: `${app},${local},${mobile}`,
    RATE_LIMITS: 'light=1000000/60,upstream=1000000/60,mail=1/3600',
  });
});
afterAll(() => open.close());

/** Returns all CORS headers of a response. */
const corsHeadersOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

const exposed = 'x-request-id, ratelimit, ratelimit-policy, retry-after, www-authenticate';
const readableBy = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': exposed,
});

const isVaryingByOrigin = ({ headers }: Response) =>
  /(^|,)\s*origin\s*(,|$)/i.test(headers.get('vary') ?? '');

const request = (product: SharedProduct, headers: Record<string, string>) =>
  fetch(`${product.baseUrl}/api/trpc/fixture.request`, { headers });

function preflight(
  product: SharedProduct,
  path: string,
  origin: string,
  { method = 'POST', headers = 'authorization,content-type' } = {},
): Promise<Response> {
  return fetch(new URL(path, `${product.baseUrl}/api/trpc/`), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  });
}

/** Sends a mutation the way a browser does for a page of another site: with Origin and Sec-Fetch-Site. */
const mutation = (product: SharedProduct, headers: Record<string, string>) =>
  rawRequest(product, {
    method: 'POST',
    path: '/api/trpc/fixture.body',
    headers: { 'content-type': 'application/json', ...headers },
    chunks: ['{"json":1}'],
  });

const unlisted = [
  'https://evil.example',
  // Similar to a listed origin.
  'https://app.example.org.evil.example',
  'https://evil-app.example.org',
  'https://sub.app.example.org',
  'https://app.example.or',
  'https://app.example.org:443',
  'https://app.example.org:8443',
  'https://app.example.org/',
  'https://app.example.org@evil.example',
  'http://app.example.org',
  'HTTPS://APP.EXAMPLE.ORG',
  'https://localhost:5173',
  'http://localhost:51730',
  'http://localhost',
  'http://127.0.0.1:5173',
  `${app},${local}`,
  `${app} ${local}`,
  'null',
  '*',
  'app.example.org',
];

describe('by default no other origin can read a response', () => {
  test.each([app, local, 'null', '*', 'https://evil.example'])('%s', async (origin) => {
    const responses = [
      await request(closed, { origin }),
      await preflight(closed, 'fixture.body', origin),
      await post(closed, 'nothing.here', 1, { origin }),
      await fetch(`${closed.baseUrl}/rss.xml`, { headers: { origin } }),
      await fetch(`${closed.baseUrl}/api/nothing`, { headers: { origin } }),
    ];
    expect(responses.map(corsHeadersOf)).toEqual(responses.map(() => ({})));
    expect(responses.map(({ status }) => status)).toEqual([200, 204, 404, 200, 404]);
  });
});

describe('a listed origin', () => {
  test.each([app, local, mobile])(
    '%s can read a response and its custom headers, without credentials',
    async (origin) => {
      const response = await request(open, { origin });
      expect(corsHeadersOf(response)).toEqual(readableBy(origin));
      expect(isVaryingByOrigin(response)).toBe(true);
      expect(await statusOf(response)).toBe(200);
    },
  );

  test.each([
    { path: 'fixture.body', methods: 'POST' },
    { path: 'fixture.reading', methods: 'POST' },
    { path: 'fixture.request', methods: 'GET, POST' },
    { path: 'fixture.body,email.send?batch=1', methods: 'POST' },
  ])('gets the allowed methods and headers from a preflight: $path', async ({ path, methods }) => {
    const response = await preflight(open, path, app);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(corsHeadersOf(response)).toEqual({
      ...readableBy(app),
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'content-type, authorization, x-request-id, idempotency-key',
      'access-control-max-age': '600',
    });
    expect(response.headers.get('allow')).toBe(`${methods}, OPTIONS`);
    expect(isVaryingByOrigin(response)).toBe(true);
  });

  test.each([
    'content-type,x-trpc-source',
    'content-type, trpc-accept',
    'baggage,content-type,sentry-trace,traceparent',
    "X-Any!#$%&'*+.^_`|~9",
  ])('may send any header: %s', async (headers) => {
    for (const path of [
      'fixture.body',
      '/mcp',
      '/api/raw/store/files/a.bin',
      '/feed.json',
      '/openapi.json',
    ]) {
      const response = await preflight(open, path, app, { method: 'GET', headers });
      expect(response.status).toBe(204);
      const allowed = response.headers.get('access-control-allow-headers')?.split(', ');
      const asked = headers.toLowerCase().split(/, ?/);
      expect(allowed, path).toEqual(expect.arrayContaining(['authorization', 'idempotency-key', ...asked]));
    }
  });

  test('gets no text in a preflight that is not a header name', async () => {
    const response = await preflight(open, 'fixture.body', app, { headers: 'a b,<b>,x:y,,"q",ü' });
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'content-type, authorization, x-request-id, idempotency-key',
    );
  });

  test('can send a mutation from another site', async () => {
    const response = await mutation(open, { origin: app, 'sec-fetch-site': 'cross-site' });
    expect(corsHeadersOf(response)).toEqual(readableBy(app));
    expect(await resultOf(response)).toEqual({ res: 1 });
  });

  test('can read the raw routes', async () => {
    for (const path of ['/rss.xml', '/llms.txt', '/healthz']) {
      const response = await fetch(`${open.baseUrl}${path}`, { headers: { origin: app } });
      expect(corsHeadersOf(response)).toEqual(readableBy(app));
      expect(isVaryingByOrigin(response)).toBe(true);
      expect(await statusOf(response)).toBe(200);
    }
  });
});

describe('an unlisted origin', () => {
  test.each(unlisted)('cannot read a response: %s', async (origin) => {
    const responses = [await request(open, { origin }), await preflight(open, 'fixture.body', origin)];
    for (const response of responses) {
      expect(corsHeadersOf(response)).toEqual({});
      expect(isVaryingByOrigin(response)).toBe(true);
    }
    expect(responses.map(({ status }) => status)).toEqual([200, 204]);
  });

  test.each(unlisted)('cannot send a mutation: %s', async (origin) => {
    for (const site of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, {}]) {
      const response = await mutation(open, { origin, ...site });
      expect(corsHeadersOf(response)).toEqual({});
      await expectError(response, { reason: 'cross_origin', path: 'fixture.body' });
    }
  });
});

test('a response to a request without Origin has Vary: Origin, so that no cache serves it to other origins', async () => {
  const response = await fetch(`${open.baseUrl}/rss.xml`);
  expect(corsHeadersOf(response)).toEqual({});
  expect(isVaryingByOrigin(response)).toBe(true);
});

describe('a listed origin can read the reason of an error', () => {
  const json = { 'content-type': 'application/json' };
  const errors: {
    title: string;
    reason: ErrorReason;
    method?: string;
    path: string;
    headers?: Record<string, string>;
    body?: string;
  }[] = [
    { title: 'an unknown procedure', reason: 'not_found', path: '/api/trpc/nothing.here' },
    { title: 'an unknown path', reason: 'not_found', path: '/api/nothing' },
    { title: 'an unknown document', reason: 'not_found', path: '/docs/procedures/nothing.here.md' },
    {
      title: 'an invalid input',
      reason: 'invalid_input',
      path: '/api/trpc/fixture.reading',
      body: '{"json":{"lat":91,"lng":0}}',
    },
    { title: 'a body with invalid JSON', reason: 'invalid_input', path: '/api/trpc/fixture.body', body: '{' },
    { title: 'a malformed path', reason: 'invalid_input', path: '/api/trpc/%zz' },
    {
      title: 'a batch of too many calls',
      reason: 'batch_too_large',
      path: `/api/trpc/${Array(11).fill('fixture.request').join()}?batch=1`,
    },
    {
      title: 'a query that is too long',
      reason: 'uri_too_long',
      path: `/api/trpc/fixture.request?input=${'a'.repeat(9_000)}`,
    },
    {
      title: 'a body that is too large',
      reason: 'payload_too_large',
      path: '/api/trpc/fixture.body',
      body: `"${'a'.repeat(70_000)}"`,
    },
    {
      title: 'an unsupported content type',
      reason: 'unsupported_media_type',
      path: '/api/trpc/fixture.body',
      headers: { 'content-type': 'text/plain' },
      body: '1',
    },
    { title: 'a GET of a mutation', reason: 'method_not_allowed', path: '/api/trpc/fixture.body' },
    {
      title: 'a DELETE of a GET-only route',
      reason: 'method_not_allowed',
      method: 'DELETE',
      path: '/rss.xml',
    },
    {
      title: 'an unknown key',
      reason: 'unauthorized',
      path: '/api/trpc/fixture.request',
      headers: { authorization: 'Bearer wrong' },
    },
  ];

  test.each(errors)('$title: $reason', async ({ reason, method, path, headers, body }) => {
    const response = await rawRequest(open, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      path,
      headers: { ...(body === undefined ? {} : json), ...headers, origin: app },
      ...(body === undefined ? {} : { chunks: [body] }),
    });
    expect(corsHeadersOf(response)).toEqual(readableBy(app));
    expect(isVaryingByOrigin(response)).toBe(true);
    await expectError(response, { reason });
  });

  test('a rate-limited call: rate_limited, with Retry-After', async () => {
    const headers = { ...newVisitor(), origin: app };
    await statusOf(await post(open, 'email.send', {}, headers));
    const response = await post(open, 'email.send', {}, headers);
    expect(corsHeadersOf(response)).toEqual(readableBy(app));
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectError(response, { reason: 'rate_limited' });
  });

  test('a failed upstream: upstream_bad_answer', async () => {
    open.upstreams.readings.fault({ kind: 'status', status: 500 });
    try {
      const response = await post(open, 'fixture.reading', { lat: -20, lng: -20 }, { origin: app });
      expect(corsHeadersOf(response)).toEqual(readableBy(app));
      await expectError(response, { reason: 'upstream_bad_answer' });
    } finally {
      open.upstreams.readings.fault(undefined);
    }
  });
});
