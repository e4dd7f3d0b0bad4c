import { createHmac } from 'node:crypto';
import superjson from 'superjson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type JsonServer, startJsonServer } from '#tests/feed/json-server.ts';
import { logLines } from '#tests/http/support/log.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import type { Product } from '#tests/support/product.ts';
import { type Answer, ask, askEcho, askEveryWorker, startTwo, workerOf } from './support.ts';

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
/** Somebody who has not called before. */
function newcomer(): Record<string, string> {
  addresses += 1;
  return { 'x-forwarded-for': `198.51.100.${addresses}` };
}

const json = { 'content-type': 'application/json' };
const call = (path: string, input: unknown, headers: Record<string, string>) =>
  ask(product, `/api/trpc/${path}`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(superjson.serialize(input)),
  });
const envelope = z.object({ result: z.object({ data: z.object({ json: z.unknown() }) }) });
const resultOf = ({ text }: Answer): unknown => envelope.parse(JSON.parse(text)).result.data.json;

describe('limits', () => {
  test('hold exactly over all workers, and each call that is let through is told its own place', async () => {
    const caller = newcomer();
    const answers = await askEveryWorker(product, () => askEcho(product, { headers: caller }), {
      atLeast: 2 * points,
      atOnce: 40,
    });
    const [fine, refused] = [200, 429].map((status) => answers.filter((answer) => answer.status === status));
    expect([fine?.length, refused?.length]).toEqual([points, answers.length - points]);
    const left = fine?.map(({ headers }) => Number(/;r=(\d+)/.exec(String(headers.ratelimit))?.[1]));
    expect(left?.toSorted((a, b) => b - a)).toEqual(
      Array.from({ length: points }, (_, at) => points - 1 - at),
    );
  });

  test('are used up for every worker at once', async () => {
    const caller = newcomer();
    for (let sent = 0; sent < points; sent += 1) {
      expect((await askEcho(product, { headers: caller })).status).toBe(200);
    }
    const late = await askEveryWorker(product, () => askEcho(product, { headers: caller }));
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([429]));
    expect((await askEcho(product, { headers: newcomer() })).status).toBe(200);
  });

  test('count every call of a batch', async () => {
    const caller = newcomer();
    const batch = () =>
      ask(product, `/api/trpc/${Array(10).fill('echo.body').join(',')}?batch=1`, {
        method: 'POST',
        headers: { ...json, ...caller },
        body: JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [at, { json: at }]))),
      });
    const answers = await Promise.all(Array.from({ length: 8 }, batch));
    const results = answers.flatMap(({ text }) => z.array(z.looseObject({})).parse(JSON.parse(text)));
    expect(results.filter((result) => 'result' in result)).toHaveLength(points);
    expect(results.filter((result) => 'error' in result)).toHaveLength(20);
  });
});

describe('the webhook', () => {
  const sign = (body: string, timestamp: number) =>
    createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  const revalidate = (body: string, timestamp = Math.floor(Date.now() / 1000)) =>
    ask(product, '/api/revalidate', {
      method: 'POST',
      body,
      headers: {
        ...newcomer(),
        'x-bff-timestamp': String(timestamp),
        'x-bff-signature': `sha256=${sign(body, timestamp)}`,
      },
    });
  const readFeed = () => ask(product, '/feed.json', { headers: newcomer() });
  const titlesOf = (answers: Answer[]) =>
    new Set(answers.map(({ text }) => z.object({ title: z.string() }).parse(JSON.parse(text)).title));

  test('reaches all workers before it is answered', async () => {
    expect((await revalidate('{"first":true}')).status).toBe(200);
    expect(titlesOf(await askEveryWorker(product, readFeed))).toEqual(new Set(['First']));
    source.answer(feedCalled('Second'));
    expect(titlesOf(await askEveryWorker(product, readFeed))).toEqual(new Set(['First']));
    expect((await revalidate('{"second":true}')).status).toBe(200);
    expect(titlesOf(await askEveryWorker(product, readFeed))).toEqual(new Set(['Second']));
  });

  test('takes a signature once, whichever worker it comes to', async () => {
    const body = '{"once":true}';
    const timestamp = Math.floor(Date.now() / 1000);
    const answers = await askEveryWorker(product, () => revalidate(body, timestamp), { atLeast: 24 });
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(answers.length - 1);
  });
});

test('the metrics are those of all workers, whichever is asked', async () => {
  const scrape = async () => {
    const answer = await ask(product, '/metrics', { headers: { 'x-forwarded-for': '127.0.0.1' } });
    return { answer, seen: parsePrometheus(answer.text) };
  };
  const before = await scrape();
  const calls = await askEveryWorker(product, () => askEcho(product, { headers: newcomer() }));
  const scrapes = [before];
  const asked = new Set<number>();
  while (asked.size < 2) {
    const scraped = await scrape();
    scrapes.push(scraped);
    asked.add(await workerOf(product, scraped.answer));
    if (scrapes.length > 500) throw new Error('one worker answers all');
    const rise = (name: string, labels: Record<string, string>) =>
      total(scraped.seen, name, labels) - total(before.seen, name, labels);
    expect(rise('bff_calls_total', { procedure: 'echo.body', outcome: 'ok' })).toBe(calls.length);
    expect(rise('bff_call_duration_seconds_count', { procedure: 'echo.body' })).toBe(calls.length);
    expect(scraped.seen.samples.filter(({ name }) => name === 'bff_mails')).toHaveLength(5);
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

test('what a program filled in has a state at every worker', async () => {
  const filled = { email: 'ada@visitor.example', contents: 'Buy!', website: 'https://spam.example' };
  const sent = await call('email.send', filled, newcomer());
  const { id } = z.object({ id: z.string() }).parse(resultOf(sent));
  const states = await askEveryWorker(product, () => call('email.status', { id }, newcomer()));
  expect(new Set(states.map(({ text }) => text)).size).toBe(1);
  expect(resultOf(states[0] ?? sent)).toMatchObject({ id, status: 'queued', attempts: 0 });
});

test('the status of upstreams is what all workers have seen', async () => {
  const render = (n: number) =>
    call('proxy.github.renderMarkdown', { body: { text: `number ${n}` } }, newcomer());
  let n = 0;
  const rendered = await askEveryWorker(product, () => render(n++));
  expect(new Set(rendered.map(({ status }) => status))).toEqual(new Set([200]));
  const statuses = await askEveryWorker(product, () => call('proxy.status', undefined, newcomer()));
  for (const status of statuses) {
    expect(resultOf(status)).toContainEqual(
      expect.objectContaining({ name: 'github', calls: rendered.length, retries: 0, breaker: 'closed' }),
    );
  }
});

test('a caller has one pseudonym, and what never changes one date', async () => {
  const caller = newcomer();
  const texts = await askEveryWorker(product, () => ask(product, '/llms.txt', { headers: caller }));
  expect(new Set(texts.map(({ headers }) => headers['last-modified'])).size).toBe(1);
  const ids = new Set(texts.map(({ headers }) => String(headers['x-request-id'])));
  const names = logLines(product)
    .filter(({ requestId, msg }) => msg === 'request' && ids.has(requestId ?? ''))
    .map((line) => line.caller);
  expect(names).toHaveLength(texts.length);
  expect(new Set(names).size).toBe(1);
});
