import { createHmac } from 'node:crypto';
import superjson from 'superjson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mailStates } from '#server/mail/tables.ts';
import { type JsonServer, startJsonServer } from '#tests/feed/json-server.ts';
import { logLines } from '#tests/http/support/log.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import type { Product } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import {
  callEcho,
  type ReceivedResponse,
  reachEveryWorker,
  sendRequest,
  startTwo,
  workerOf,
} from './support.ts';

const secret = 'a-secret-of-at-least-32-characters';
const points = 60;

let source: JsonServer;
let product: Product;

const feedCalled = (title: string) => ({
  version: 'https://jsonfeed.org/version/1.1',
  title,
  items: [{ id: '1', url: 'https://source.example/1', title, date_published: '2026-01-01T00:00:00Z' }],
});

beforeAll(async () => {
  source = await startJsonServer(feedCalled('First'));
  product = await startTwo({
    REVALIDATE_SECRET: secret,
    FEED_SOURCE_URL: source.url,
    TRUSTED_PROXY_HOPS: '1',
    RATE_LIMITS: `light=${points}/3600,upstream=1000000/60,mail=1000000/60`,
  });
}, 120_000);
afterAll(async () => {
  await product.close();
  await source.stop();
});

let addresses = 0;
/** Returns the headers of a client that has not called before. */
function newcomer(): Record<string, string> {
  addresses += 1;
  return { 'x-forwarded-for': `198.51.100.${addresses}` };
}

const json = { 'content-type': 'application/json' };
const call = (path: string, input: unknown, headers: Record<string, string>) =>
  sendRequest(product, `/api/trpc/${path}`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(superjson.serialize(input)),
  });
const resultSchema = z.object({ result: z.object({ data: z.object({ json: z.unknown() }) }) });
const resultOf = ({ text }: ReceivedResponse): unknown =>
  resultSchema.parse(JSON.parse(text)).result.data.json;

describe('rate limits', () => {
  test('are exact across all workers, and each allowed call reports a distinct remaining count', async () => {
    const caller = newcomer();
    const responses = await reachEveryWorker(product, () => callEcho(product, { headers: caller }), {
      atLeast: 2 * points,
      atOnce: 40,
    });
    const [allowed, rejected] = [200, 429].map((status) =>
      responses.filter((response) => response.status === status),
    );
    expect([allowed?.length, rejected?.length]).toEqual([points, responses.length - points]);
    const left = allowed?.map(({ headers }) => Number(/;r=(\d+)/.exec(String(headers.ratelimit))?.[1]));
    expect(left?.toSorted((a, b) => b - a)).toEqual(
      Array.from({ length: points }, (_, at) => points - 1 - at),
    );
  });

  test('are exhausted for all workers at the same time', async () => {
    const caller = newcomer();
    for (let sent = 0; sent < points; sent += 1) {
      expect((await callEcho(product, { headers: caller })).status).toBe(200);
    }
    const late = await reachEveryWorker(product, () => callEcho(product, { headers: caller }));
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([429]));
    expect((await callEcho(product, { headers: newcomer() })).status).toBe(200);
  });

  test('count every call of a batch', async () => {
    const caller = newcomer();
    const batch = () =>
      sendRequest(product, `/api/trpc/${Array(10).fill('fixture.body').join(',')}?batch=1`, {
        method: 'POST',
        headers: { ...json, ...caller },
        body: JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at, { json: at }]))),
      });
    const responses = await Promise.all(Array.from({ length: 8 }, batch));
    const results = responses.flatMap(({ text }) => z.array(z.looseObject({})).parse(JSON.parse(text)));
    expect(results.filter((result) => 'result' in result)).toHaveLength(points);
    expect(results.filter((result) => 'error' in result)).toHaveLength(20);
  });
});

describe('the webhook', () => {
  const sign = (body: string, timestamp: number) =>
    createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const revalidate = (body: string, timestamp = Math.floor(Date.now() / 1000)) =>
    sendRequest(product, '/api/revalidate', {
      method: 'POST',
      body,
      headers: {
        ...newcomer(),
        'x-bff-timestamp': String(timestamp),
        'x-bff-signature': `sha256=${sign(body, timestamp)}`,
      },
    });
  const readFeed = () => sendRequest(product, '/feed.json', { headers: newcomer() });
  const titlesOf = (responses: ReceivedResponse[]) =>
    new Set(responses.map(({ text }) => z.object({ title: z.string() }).parse(JSON.parse(text)).title));

  test('reaches all workers before it is acknowledged', async () => {
    expect((await revalidate('{"first":true}')).status).toBe(200);
    expect(titlesOf(await reachEveryWorker(product, readFeed))).toEqual(new Set(['First']));
    source.respondWith(feedCalled('Second'));
    expect(titlesOf(await reachEveryWorker(product, readFeed))).toEqual(new Set(['First']));
    expect((await revalidate('{"second":true}')).status).toBe(200);
    expect(titlesOf(await reachEveryWorker(product, readFeed))).toEqual(new Set(['Second']));
  });

  test('accepts a signature only once across all workers', async () => {
    const body = '{"once":true}';
    const timestamp = Math.floor(Date.now() / 1000);
    const responses = await reachEveryWorker(product, () => revalidate(body, timestamp), { atLeast: 24 });
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 401)).toHaveLength(responses.length - 1);
  });
});

test('every worker exposes the metrics of all workers', async () => {
  const scrape = async () => {
    const response = await sendRequest(product, '/metrics', { headers: { 'x-forwarded-for': '127.0.0.1' } });
    return { response, seen: parsePrometheus(response.text) };
  };
  const before = await scrape();
  const calls = await reachEveryWorker(product, () => callEcho(product, { headers: newcomer() }));
  const scrapes = [before];
  const reached = new Set<number>();
  while (reached.size < 2) {
    const scraped = await scrape();
    scrapes.push(scraped);
    reached.add(await workerOf(product, scraped.response));
    if (scrapes.length > 500) throw new Error('one worker handles all requests');
    const rise = (name: string, labels: Record<string, string>) =>
      total(scraped.seen, name, labels) - total(before.seen, name, labels);
    expect(rise('bff_calls_total', { procedure: 'fixture.body', outcome: 'ok' })).toBe(calls.length);
    expect(rise('bff_call_duration_seconds_count', { procedure: 'fixture.body' })).toBe(calls.length);
    expect(scraped.seen.samples.filter(({ name }) => name === 'bff_mails')).toHaveLength(mailStates.length);
  }
  const { types, samples } = before.seen;
  expect(Object.fromEntries(types)).toMatchObject({
    process_resident_memory_bytes: 'gauge',
    process_cpu_seconds_total: 'counter',
    process_start_time_seconds: 'gauge',
    nodejs_eventloop_lag_seconds: 'gauge',
    nodejs_version_info: 'gauge',
  });
  const series = samples.map(
    ({ name, labels }) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`,
  );
  expect(new Set(series).size).toBe(series.length);
});

test('every worker knows the status of a suspected mail', async () => {
  const filled = { email: 'ada@visitor.example', contents: 'Buy!', leaveEmpty: 'https://spam.example' };
  const sent = await call('email.send', filled, newcomer());
  const { id } = z.object({ id: z.string() }).parse(resultOf(sent));
  const states = await reachEveryWorker(product, () => call('email.status', { id }, newcomer()));
  expect(new Set(states.map(({ text }) => text)).size).toBe(1);
  expect(resultOf(states[0] ?? sent)).toMatchObject({ id, status: 'held', attempts: 0 });
});

test('the upstream status includes the calls of all workers', async () => {
  const render = (n: number) =>
    call('proxy.items.render', { body: { text: `number ${n}` } }, proxyAuthorization);
  let n = 0;
  const rendered = await reachEveryWorker(product, () => render(n++));
  expect(new Set(rendered.map(({ status }) => status))).toEqual(new Set([200]));
  const statuses = await reachEveryWorker(product, () => call('proxy.status', undefined, newcomer()));
  for (const status of statuses) {
    expect(resultOf(status)).toContainEqual(
      expect.objectContaining({ name: 'items', calls: rendered.length, retries: 0, breaker: 'closed' }),
    );
  }
});

test('all workers log the same pseudonym for a caller and send the same Last-Modified for a static text', async () => {
  const caller = newcomer();
  const texts = await reachEveryWorker(product, () => sendRequest(product, '/llms.txt', { headers: caller }));
  expect(new Set(texts.map(({ headers }) => headers['last-modified'])).size).toBe(1);
  const ids = new Set(texts.map(({ headers }) => String(headers['x-request-id'])));
  const names = logLines(product)
    .filter(({ requestId, msg }) => msg === 'request' && ids.has(requestId ?? ''))
    .map((line) => line.caller);
  expect(names).toHaveLength(texts.length);
  expect(new Set(names).size).toBe(1);
});
