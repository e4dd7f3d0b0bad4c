import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectRefusal, post, postBatch, rawRequest } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type Exposition, parsePrometheus, total } from './support/prometheus.ts';

const key = { metrics: 'key-with-the-scope', other: 'key-without-it' };
const entry = (name: string, text: string, scope: string) =>
  `${name}:${createHash('sha256').update(text).digest('hex')}:${scope}`;

let product: Product;
/** Behind a proxy, so that who asks is who the proxy says. */
let behindProxy: Product;
beforeAll(async () => {
  [product, behindProxy] = await Promise.all([
    startProduct(),
    startProduct({
      TRUSTED_PROXY_HOPS: '1',
      SERVICE_KEYS: `${entry('watcher', key.metrics, 'metrics')},${entry('other', key.other, 'mail')}`,
    }),
  ]);
});
afterAll(() => Promise.all([product.close(), behindProxy.close()]));

async function scrape(): Promise<Exposition> {
  const response = await fetch(`${product.baseUrl}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return parsePrometheus(await response.text());
}

test("are Prometheus' text with the product's own and the process's", async () => {
  await post(product, 'echo.body', 1);
  const { types, samples } = await scrape();
  expect(Object.fromEntries(types)).toMatchObject({
    bff_calls_total: 'counter',
    bff_requests_total: 'counter',
    bff_rate_limited_total: 'counter',
    bff_call_duration_seconds: 'histogram',
    bff_request_duration_seconds: 'histogram',
    process_resident_memory_bytes: 'gauge',
    process_cpu_seconds_total: 'counter',
    nodejs_eventloop_lag_seconds: 'gauge',
  });
  const series = samples.map(
    ({ name, labels }) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`,
  );
  expect(new Set(series).size).toBe(series.length);
});

test('rise by exactly the calls and requests that were made', async () => {
  const before = await scrape();
  await post(product, 'echo.body', 1);
  await post(product, 'echo.body', 2);
  await post(product, 'weather.places', { name: '' });
  await postBatch(product, [
    ['proxy.endpoints', undefined],
    ['proxy.endpoints', undefined],
    ['email.status', { id: 'none' }],
  ]);
  await fetch(`${product.baseUrl}/api/trpc/echo.body`);
  await fetch(`${product.baseUrl}/rss.xml`);
  const after = await scrape();
  const rise = (name: string, labels: Record<string, string> = {}) =>
    total(after, name, labels) - total(before, name, labels);

  expect({
    echo: rise('bff_calls_total', { procedure: 'echo.body', outcome: 'ok' }),
    places: rise('bff_calls_total', { procedure: 'weather.places', outcome: 'invalid_input' }),
    endpoints: rise('bff_calls_total', { procedure: 'proxy.endpoints', outcome: 'ok' }),
    status: rise('bff_calls_total', { procedure: 'email.status', outcome: 'not_found' }),
    calls: rise('bff_calls_total'),
    timed: rise('bff_call_duration_seconds_count'),
    timedEcho: rise('bff_call_duration_seconds_bucket', { procedure: 'echo.body', le: '+Inf' }),
  }).toEqual({ echo: 2, places: 1, endpoints: 2, status: 1, calls: 6, timed: 6, timedEcho: 2 });

  const trpc = { route: '/api/trpc/[trpc]' };
  expect({
    fine: rise('bff_requests_total', { ...trpc, status: '200', method: 'POST' }),
    mixed: rise('bff_requests_total', { ...trpc, status: '207' }),
    invalid: rise('bff_requests_total', { ...trpc, status: '400' }),
    method: rise('bff_requests_total', { ...trpc, status: '405', method: 'GET' }),
    feed: rise('bff_requests_total', { route: '/rss.xml', status: '200' }),
    // The first look at the metrics is counted when the second is taken.
    metrics: rise('bff_requests_total', { route: '/metrics' }),
    all: rise('bff_requests_total'),
    timed: rise('bff_request_duration_seconds_count'),
  }).toEqual({ fine: 2, mixed: 1, invalid: 1, method: 1, feed: 1, metrics: 1, all: 7, timed: 7 });
});

test('have no more series after garbage than before, and none of it in a label', async () => {
  const shoot = async (round: number) => {
    for (const n of Array.from({ length: 30 }, (_, at) => `garbage${round}x${at}`)) {
      await Promise.all([
        fetch(`${product.baseUrl}/api/trpc/${n}.call`),
        fetch(`${product.baseUrl}/api/trpc/${n},${n}?batch=1&${n}`),
        fetch(`${product.baseUrl}/api/${n}`),
        fetch(`${product.baseUrl}/docs/procedures/${n}.md`),
        rawRequest(product, { method: 'PROPFIND', path: `/api/trpc/${n}` }),
        rawRequest(product, { method: 'PATCH', path: `/healthz?${n}` }),
      ]);
    }
  };
  await shoot(1);
  const before = await scrape();
  await shoot(2);
  const after = await scrape();
  // Node's own, such as one for each kind of collected garbage, may come at any time.
  const own = ({ samples }: Exposition) => samples.filter(({ name }) => name.startsWith('bff_')).length;
  expect(own(after)).toBe(own(before));
  expect(JSON.stringify(after.samples)).not.toContain('garbage');
});

test('are for this machine and for keys with the scope', async () => {
  const ask = (headers: Record<string, string>) => fetch(`${behindProxy.baseUrl}/metrics`, { headers });
  const visitor = { 'x-forwarded-for': '203.0.113.7' };

  const refused = await ask(visitor);
  await expectRefusal(refused, { reason: 'unauthorized' });
  expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer\b/);
  await expectRefusal(await ask({ ...visitor, authorization: 'Bearer nonsense' }), {
    reason: 'unauthorized',
  });
  await expectRefusal(await ask({ ...visitor, authorization: `Bearer ${key.other}` }), {
    reason: 'forbidden',
  });
  // Not the address that the client itself put before the proxy's.
  await expectRefusal(await ask({ 'x-forwarded-for': '127.0.0.1, 203.0.113.7, 10.0.0.1' }), {
    reason: 'unauthorized',
  });
  expect((await ask({ ...visitor, authorization: `Bearer ${key.metrics}` })).status).toBe(200);
});
