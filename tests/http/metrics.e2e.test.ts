import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectError, post, postBatch, rawRequest } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type Exposition, parsePrometheus, total } from './support/prometheus.ts';

const key = { metrics: 'key-with-the-scope', other: 'key-without-it' };
const entry = (name: string, text: string, scope: string) =>
  `${name}:${createHash('sha256').update(text).digest('hex')}:${scope}`;

let product: Product;
/** Trusts one proxy, so that the client address comes from X-Forwarded-For. */
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

test('/metrics is Prometheus text with metrics of the product and of the process', async () => {
  await post(product, 'fixture.body', 1);
  const { types, samples } = await scrape();
  expect(Object.fromEntries(types)).toMatchObject({
    bff_calls_total: 'counter',
    bff_requests_total: 'counter',
    bff_rate_limited_total: 'counter',
    bff_log_lines_dropped_total: 'counter',
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

test('counters rise by exactly the number of calls and requests', async () => {
  const before = await scrape();
  await post(product, 'fixture.body', 1);
  await post(product, 'fixture.body', 2);
  await post(product, 'fixture.search', { name: '' });
  await postBatch(product, [
    ['proxy.endpoints', undefined],
    ['proxy.endpoints', undefined],
    ['email.status', { id: 'none' }],
  ]);
  await fetch(`${product.baseUrl}/api/trpc/fixture.body`);
  await fetch(`${product.baseUrl}/rss.xml`);
  const after = await scrape();
  const rise = (name: string, labels: Record<string, string> = {}) =>
    total(after, name, labels) - total(before, name, labels);

  expect({
    echo: rise('bff_calls_total', { procedure: 'fixture.body', outcome: 'ok' }),
    places: rise('bff_calls_total', { procedure: 'fixture.search', outcome: 'invalid_input' }),
    endpoints: rise('bff_calls_total', { procedure: 'proxy.endpoints', outcome: 'ok' }),
    status: rise('bff_calls_total', { procedure: 'email.status', outcome: 'not_found' }),
    calls: rise('bff_calls_total'),
    timed: rise('bff_call_duration_seconds_count'),
    timedEcho: rise('bff_call_duration_seconds_bucket', { procedure: 'fixture.body', le: '+Inf' }),
  }).toEqual({ echo: 2, places: 1, endpoints: 2, status: 1, calls: 6, timed: 6, timedEcho: 2 });

  const trpc = { route: '/api/trpc/[trpc]' };
  expect({
    fine: rise('bff_requests_total', { ...trpc, status: '200', method: 'POST' }),
    mixed: rise('bff_requests_total', { ...trpc, status: '207' }),
    invalid: rise('bff_requests_total', { ...trpc, status: '400' }),
    method: rise('bff_requests_total', { ...trpc, status: '405', method: 'GET' }),
    feed: rise('bff_requests_total', { route: '/rss.xml', status: '200' }),
    // The first scrape is counted by the time of the second.
    metrics: rise('bff_requests_total', { route: '/metrics' }),
    all: rise('bff_requests_total'),
    timed: rise('bff_request_duration_seconds_count'),
  }).toEqual({ fine: 2, mixed: 1, invalid: 1, method: 1, feed: 1, metrics: 1, all: 7, timed: 7 });
});

test('garbage in requests adds no series and appears in no label', async () => {
  const sendGarbage = async (round: number) => {
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
  await sendGarbage(1);
  const before = await scrape();
  await sendGarbage(2);
  const after = await scrape();
  // Node's own series, such as one for each kind of garbage collection, may appear at any time.
  const ownSeries = ({ samples }: Exposition) => samples.filter(({ name }) => name.startsWith('bff_')).length;
  expect(ownSeries(after)).toBe(ownSeries(before));
  expect(JSON.stringify(after.samples)).not.toContain('garbage');
});

test('/metrics is served only to loopback and to keys with the metrics scope', async () => {
  const scrapeAs = (headers: Record<string, string>) => fetch(`${behindProxy.baseUrl}/metrics`, { headers });
  const visitor = { 'x-forwarded-for': '203.0.113.7' };

  const rejected = await scrapeAs(visitor);
  await expectError(rejected, { reason: 'unauthorized' });
  expect(rejected.headers.get('www-authenticate')).toMatch(/^Bearer\b/);
  await expectError(await scrapeAs({ ...visitor, authorization: 'Bearer nonsense' }), {
    reason: 'unauthorized',
  });
  await expectError(await scrapeAs({ ...visitor, authorization: `Bearer ${key.other}` }), {
    reason: 'forbidden',
  });
  // An address that the client itself put into X-Forwarded-For does not count.
  await expectError(await scrapeAs({ 'x-forwarded-for': '127.0.0.1, 203.0.113.7, 10.0.0.1' }), {
    reason: 'unauthorized',
  });
  expect((await scrapeAs({ ...visitor, authorization: `Bearer ${key.metrics}` })).status).toBe(200);
});
