import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parseRssFeed } from 'feedsmith';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JsonServer, startJsonServer } from '#tests/feed/json-server.ts';
import { expectError } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { describeWith, has, testWith } from '#tests/support/skip.ts';

const testExample = testWith('redis', 'curl', 'openssl');

const secret = 'a-secret-of-at-least-32-characters';
const path = '/api/revalidate';

/** Undefined if Redis is missing. The instances then share nothing. */
let redis: RedisServer | undefined;
let source: JsonServer;
let first: Product;
let second: Product;

const feedWithTitle = (title: string) => ({
  version: 'https://jsonfeed.org/version/1.1',
  title,
  items: [{ id: '1', url: 'https://source.example/1', title, date_published: '2026-01-01T00:00:00Z' }],
});

beforeAll(async () => {
  if (has('redis')) redis = await startRedis();
  source = await startJsonServer(feedWithTitle('First'));
  const env = {
    SITE_URL: 'https://bff.example',
    REVALIDATE_SECRET: secret,
    REDIS_URL: redis?.url ?? '',
    FEED_SOURCE_URL: source.url,
  };
  first = await startProduct(env);
  second = await startProduct(env);
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await Promise.all([redis?.close(), source.stop()]);
});
beforeEach(async () => {
  if (!redis) return;
  await redis.start();
  for (const product of [first, second]) {
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

/** Calls the webhook as documented, or with one error. */
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
const titles = () => Promise.all([first, second].map(titleAt));

describeWith('redis')('two instances on one Redis', () => {
  test('cache the feed, and both serve the new one on the first request after a webhook', async () => {
    source.respondWith(feedWithTitle('Before'));
    await call(first);
    expect(await titles()).toEqual(['Before', 'Before']);
    source.respondWith(feedWithTitle('After'));
    expect(await titles()).toEqual(['Before', 'Before']);

    const response = await call(second);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ revalidated: true, instances: 'all' });
    expect(await titles()).toEqual(['After', 'After']);
    const hits = source.hits();
    await titles();
    expect(source.hits()).toBe(hits);
  });

  test.each(['/rss.xml', '/atom.xml', '/feed.json'])('serve the same bytes at %s', async (feed) => {
    const responses = await Promise.all([first, second].map(({ baseUrl }) => fetch(`${baseUrl}${feed}`)));
    const [one, other] = responses;
    expect(one?.headers.get('etag')).toBe(other?.headers.get('etag'));
    expect(await one?.text()).toBe(await other?.text());
  });

  test('accept a signature only once between them', async () => {
    const body = '{"once":true}';
    const timestamp = now();
    expect((await call(first, { body, timestamp })).status).toBe(200);
    const hits = source.hits();
    for (const product of [first, second]) {
      const { message } = await expectError(await call(product, { body, timestamp }), {
        reason: 'unauthorized',
        path,
      });
      expect(message).toContain('used before');
    }
    expect(source.hits()).toBe(hits);
  });

  test('work without Redis: the called instance revalidates and accepts a signature only once', async () => {
    await redis?.stop();
    source.respondWith(feedWithTitle('Alone'));
    const sameCall = { body: '{"alone":true}', timestamp: now() };
    const response = await call(first, sameCall);
    expect(await response.json()).toEqual({ revalidated: true, instances: 'this' });
    expect(await titleAt(first)).toBe('Alone');
    await expectError(await call(first, sameCall), { reason: 'unauthorized', path });
  });
});

describe('a call that is signed as Standard Webhooks demand', () => {
  /** Signs one attempt to deliver a message, some seconds ago. */
  function signed(id: string, { secondsAgo = 0, key = secret } = {}) {
    const body = '{"type":"feed.changed"}';
    const at = new Date(Date.now() - secondsAgo * 1_000);
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(Buffer.from(key), { format: 'raw' }).sign(id, at, body),
    };
    return { send: ({ baseUrl }: Product) => fetch(`${baseUrl}${path}`, { method: 'POST', body, headers }) };
  }

  test('refreshes the feed, and its signature is accepted only once', async () => {
    source.respondWith(feedWithTitle('Standard'));
    const request = signed('msg_1');
    const response = await request.send(first);
    expect([response.status, await response.json()]).toEqual([
      200,
      { revalidated: true, instances: redis ? 'all' : 'this' },
    ]);
    expect(await titleAt(first)).toBe('Standard');
    for (const product of redis ? [first, second] : [first]) {
      const { message } = await expectError(await request.send(product), { reason: 'unauthorized', path });
      expect(message).toContain('used before');
    }
  });

  test('is accepted again with a new signature after the source has failed', async () => {
    source.respondWith(undefined);
    await expectError(await signed('msg_3', { secondsAgo: 5 }).send(first), {
      reason: 'upstream_bad_answer',
      path,
    });
    source.respondWith(feedWithTitle('Retried'));
    expect((await signed('msg_3').send(first)).status).toBe(200);
    expect(await titleAt(first)).toBe('Retried');
  });

  test.each([
    ['with another secret', { key: 'another-secret-of-32-characters-and' }],
    ['that is too old', { secondsAgo: 360 }],
    ['that is of the future', { secondsAgo: -360 }],
  ])('is rejected %s', async (_, wrong) => {
    const hits = source.hits();
    const response = await signed('msg_4', wrong).send(first);
    expect(response.headers.get('www-authenticate')).toBe('HMAC-SHA256 realm="typed-bff"');
    await expectError(response, { reason: 'unauthorized', path });
    expect(source.hits()).toBe(hits);
  });
});

test('a failing source is reported, and the last good feed is still served', async () => {
  source.respondWith(feedWithTitle('Good'));
  expect((await call(first)).status).toBe(200);
  source.respondWith(undefined);
  await expectError(await call(first), { reason: 'upstream_bad_answer', path });
  expect(await titleAt(first)).toBe('Good');
  source.respondWith(feedWithTitle('Better'));
  expect((await call(first)).status).toBe(200);
  expect(await titleAt(first)).toBe('Better');
});

testExample('the example in the documentation works as printed', async () => {
  for (const program of ['curl', 'openssl'] as const) requirePath(program);
  const document = readFileSync('docs/feeds.md', 'utf8');
  const script = /```sh\n(body=[\s\S]*?)```/.exec(document)?.[1] ?? '';
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', script.replace('http://localhost:3000', first.baseUrl)],
    { env: { ...process.env, REVALIDATE_SECRET: secret } },
  );
  expect(JSON.parse(stdout)).toEqual({ revalidated: true, instances: 'all' });
});

describe('the webhook rejects', () => {
  test.each<[string, Call]>([
    ['a signature with another secret', { signedAs: 'another-secret-of-32-characters-and' }],
    ['a missing signature', { headers: { 'x-bff-signature': '' } }],
    ['a truncated signature', { headers: { 'x-bff-signature': 'sha256=00ff' } }],
    ['a signature with another hash', { headers: { 'x-bff-signature': `sha1=${'0'.repeat(64)}` } }],
    ['a missing timestamp', { headers: { 'x-bff-timestamp': '' } }],
    ['a timestamp that differs from the signed one', { headers: { 'x-bff-timestamp': String(now() - 1) } }],
    ['a timestamp that is not a number', { timestamp: 'now' }],
    ['a timestamp six minutes in the past', { timestamp: now() - 360 }],
    ['a timestamp six minutes in the future', { timestamp: now() + 360 }],
  ])('%s', async (_, wrong) => {
    const hits = source.hits();
    const response = await call(first, wrong);
    expect(response.headers.get('www-authenticate')).toBe('HMAC-SHA256 realm="typed-bff"');
    const { text } = await expectError(response, { reason: 'unauthorized', path });
    expect(text).not.toContain(secret);
    expect(source.hits()).toBe(hits);
  });

  test('a body that is too large', async () => {
    const response = await call(first, { body: 'x'.repeat(16 * 1024 + 1) });
    await expectError(response, { reason: 'payload_too_large', path });
  });

  test('a compressed body', async () => {
    const response = await call(first, { headers: { 'content-encoding': 'gzip' } });
    await expectError(response, { reason: 'unsupported_media_type', path });
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s', async (method) => {
    const response = await fetch(`${first.baseUrl}${path}`, { method });
    expect(response.headers.get('allow')).toBe('POST');
    await expectError(response, { reason: 'method_not_allowed', path });
  });
});

test('every call is logged with its route, but never the secret or a signature', async () => {
  const before = first.log().length;
  await call(first, { signedAs: 'another-secret-of-32-characters-and' });
  await expect.poll(() => first.log().slice(before)).toMatch(/"route":"\/api\/revalidate","status":401/);
  expect(first.log()).not.toContain(secret);
  expect(first.log()).not.toMatch(/sha256=[\da-f]/);
});
