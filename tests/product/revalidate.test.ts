import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parseRssFeed } from 'feedsmith';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JsonServer, startJsonServer } from '#tests/feed/json-server.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { describeWith, has, testWith } from '#tests/support/skip.ts';
import { expectRefusal } from './call.ts';

const testExample = testWith('redis', 'curl', 'openssl');

const secret = 'a-secret-of-at-least-32-characters';
const path = '/api/revalidate';

/** Undefined if Redis is missing: the instances then share nothing. */
let redis: RedisServer | undefined;
let source: JsonServer;
let one: Product;
let other: Product;

const feedCalled = (title: string) => ({
  version: 'https://jsonfeed.org/version/1.1',
  title,
  items: [{ id: '1', url: 'https://source.example/1', title, date_published: '2026-01-01T00:00:00Z' }],
});

beforeAll(async () => {
  if (has('redis')) redis = await startRedis();
  source = await startJsonServer(feedCalled('First'));
  const env = {
    SITE_URL: 'https://bff.example',
    REVALIDATE_SECRET: secret,
    REDIS_URL: redis?.url ?? '',
    FEED_SOURCE_URL: source.url,
  };
  one = await startProduct(env);
  other = await startProduct(env);
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await Promise.all([redis?.close(), source.stop()]);
});
beforeEach(async () => {
  if (!redis) return;
  await redis.start();
  for (const product of [one, other]) {
    await expect
      .poll(async () => (await fetch(`${product.baseUrl}/readyz`)).text(), { timeout: 10_000 })
      .toContain('"redis":{"state":"ok"');
  }
});

const now = () => Math.floor(Date.now() / 1000);

type Call = {
  body?: string;
  timestamp?: number | string;
  signedAs?: string;
  headers?: Record<string, string>;
};

/** A webhook as documented, or with one thing wrong. */
function call(
  product: Product,
  { body = JSON.stringify({ id: crypto.randomUUID() }), timestamp = now(), signedAs, headers }: Call = {},
) {
  const signature = createHmac('sha256', signedAs ?? secret)
    .update(`${timestamp}.${body}`)
    .digest('hex');
  return fetch(`${product.baseUrl}${path}`, {
    method: 'POST',
    body,
    headers: { 'x-bff-timestamp': String(timestamp), 'x-bff-signature': `sha256=${signature}`, ...headers },
  });
}

const titleAt = async (product: Product) =>
  parseRssFeed(await (await fetch(`${product.baseUrl}/rss.xml`)).text()).title;
const titles = () => Promise.all([one, other].map(titleAt));

describeWith('redis')('two instances on one Redis', () => {
  test('keep the feed while it is fresh, and both have the new one with the very next request', async () => {
    source.answer(feedCalled('Before'));
    await call(one);
    expect(await titles()).toEqual(['Before', 'Before']);
    source.answer(feedCalled('After'));
    expect(await titles()).toEqual(['Before', 'Before']);

    const response = await call(other);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ revalidated: true, instances: 'all' });
    expect(await titles()).toEqual(['After', 'After']);
    const asked = source.hits();
    await titles();
    expect(source.hits()).toBe(asked);
  });

  test.each(['/rss.xml', '/atom.xml', '/feed.json'])('give the same bytes at %s', async (feed) => {
    const [first, second] = await Promise.all([one, other].map(({ baseUrl }) => fetch(`${baseUrl}${feed}`)));
    expect(first?.headers.get('etag')).toBe(second?.headers.get('etag'));
    expect(await first?.text()).toBe(await second?.text());
  });

  test('take a signature once, whichever of them it comes to', async () => {
    const body = '{"once":true}';
    const timestamp = now();
    expect((await call(one, { body, timestamp })).status).toBe(200);
    const asked = source.hits();
    for (const product of [one, other]) {
      const { message } = await expectRefusal(await call(product, { body, timestamp }), {
        reason: 'unauthorized',
        path,
      });
      expect(message).toContain('used before');
    }
    expect(source.hits()).toBe(asked);
  });

  test('do without Redis: the one that is called knows, and still takes a signature once', async () => {
    await redis?.stop();
    source.answer(feedCalled('Alone'));
    const sameCall = { body: '{"alone":true}', timestamp: now() };
    const response = await call(one, sameCall);
    expect(await response.json()).toEqual({ revalidated: true, instances: 'this' });
    expect(await titleAt(one)).toBe('Alone');
    await expectRefusal(await call(one, sameCall), { reason: 'unauthorized', path });
  });
});

test('a source that fails is told, and the last good feed stays', async () => {
  source.answer(feedCalled('Good'));
  expect((await call(one)).status).toBe(200);
  source.answer(undefined);
  await expectRefusal(await call(one), { reason: 'upstream_bad_answer', path });
  expect(await titleAt(one)).toBe('Good');
  source.answer(feedCalled('Better'));
  expect((await call(one)).status).toBe(200);
  expect(await titleAt(one)).toBe('Better');
});

testExample('the example in the documentation works as it is printed', async () => {
  for (const program of ['curl', 'openssl'] as const) requirePath(program);
  const document = readFileSync('docs/feeds.md', 'utf8');
  const script = /```sh\n(body=[\s\S]*?)```/.exec(document)?.[1] ?? '';
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', script.replace('http://localhost:3000', one.baseUrl)],
    { env: { ...process.env, REVALIDATE_SECRET: secret } },
  );
  expect(JSON.parse(stdout)).toEqual({ revalidated: true, instances: 'all' });
});

describe('is refused', () => {
  test.each<[string, Call]>([
    ['another secret', { signedAs: 'another-secret-of-32-characters-and' }],
    ['no signature', { headers: { 'x-bff-signature': '' } }],
    ['half a signature', { headers: { 'x-bff-signature': 'sha256=00ff' } }],
    ['another hash', { headers: { 'x-bff-signature': `sha1=${'0'.repeat(64)}` } }],
    ['no timestamp', { headers: { 'x-bff-timestamp': '' } }],
    ['another timestamp than was signed', { headers: { 'x-bff-timestamp': String(now() - 1) } }],
    ['a timestamp that is no number', { timestamp: 'now' }],
    ['a timestamp of six minutes ago', { timestamp: now() - 360 }],
    ['a timestamp in six minutes', { timestamp: now() + 360 }],
  ])('%s', async (_, wrong) => {
    const asked = source.hits();
    const response = await call(one, wrong);
    expect(response.headers.get('www-authenticate')).toBe('HMAC-SHA256 realm="typed-bff"');
    const { text } = await expectRefusal(response, { reason: 'unauthorized', path });
    expect(text).not.toContain(secret);
    expect(source.hits()).toBe(asked);
  });

  test('a body that is too large, without being read to its end', async () => {
    const response = await call(one, { body: 'x'.repeat(16 * 1024 + 1) });
    await expectRefusal(response, { reason: 'payload_too_large', path });
  });

  test('a body that is encoded', async () => {
    const response = await call(one, { headers: { 'content-encoding': 'gzip' } });
    await expectRefusal(response, { reason: 'unsupported_media_type', path });
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s', async (method) => {
    const response = await fetch(`${one.baseUrl}${path}`, { method });
    expect(response.headers.get('allow')).toBe('POST');
    await expectRefusal(response, { reason: 'method_not_allowed', path });
  });
});

test('every call is logged by its route, and the secret and signatures never are', async () => {
  const before = one.log().length;
  await call(one, { signedAs: 'another-secret-of-32-characters-and' });
  await expect.poll(() => one.log().slice(before)).toMatch(/"route":"\/api\/revalidate","status":401/);
  expect(one.log()).not.toContain(secret);
  expect(one.log()).not.toMatch(/sha256=[\da-f]/);
});
