import { Agent } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectError, post, rawRequest, resultOf } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

const json = { 'content-type': 'application/json' };

describe('a body', () => {
  const wrapped = (bytes: number) => `{"json":"${'a'.repeat(bytes - '{"json":""}'.length)}"}`;
  const send = (chunks: string[], headers: Record<string, string>) =>
    rawRequest(product, {
      method: 'POST',
      path: '/api/trpc/fixture.body',
      headers: { ...json, ...headers },
      chunks,
    });

  test('of exactly 64 KB is accepted, with or without a content length', async () => {
    const body = wrapped(65_536);
    await resultOf(await send([body], { 'content-length': '65536' }));
    await resultOf(await send([body.slice(0, 30_000), body.slice(30_000)], {}));
  });

  test('of 64 KB and one byte is rejected with 413', async () => {
    const response = await send([wrapped(65_537)], { 'content-length': '65537' });
    await expectError(response, { reason: 'payload_too_large', path: 'fixture.body' });
  });

  test('without a content length is measured while it is read', async () => {
    const response = await send(
      Array.from({ length: 9 }, () => 'a'.repeat(8192)),
      {},
    );
    await expectError(response, { reason: 'payload_too_large', path: 'fixture.body' });
  });

  test('is measured in bytes, not in characters', async () => {
    const body = JSON.stringify({ json: '🌍'.repeat(17_000) });
    await expectError(await send([body], {}), { reason: 'payload_too_large' });
  });

  test('that is a multipart form has the same limit', async () => {
    const form = new FormData();
    form.set('email', 'ada@visitor.example');
    form.set('contents', 'Hello');
    form.set('file', new Blob(['a'.repeat(70_000)]));
    const encoded = new Response(form);
    const response = await rawRequest(product, {
      method: 'POST',
      path: '/api/trpc/email.send',
      headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
      chunks: [await encoded.text()],
    });
    await expectError(response, { reason: 'payload_too_large', path: 'email.send' });
  });

  // Node reads no further request from a connection with an unread body.
  test.each([
    { title: 'too large', headers: json, status: 413 },
    { title: 'of the wrong type', headers: { 'content-type': 'text/plain' }, status: 415 },
    { title: 'from another site', headers: { ...json, origin: 'https://evil.example' }, status: 403 },
  ])('rejected because it is $title leaves the connection usable', async ({ headers, status }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const rejected = await rawRequest(product, {
        method: 'POST',
        path: '/api/trpc/fixture.body',
        headers: { ...headers, 'content-length': '300000' },
        chunks: [wrapped(300_000)],
        agent,
      });
      expect(rejected.status).toBe(status);
      const next = await rawRequest(product, { method: 'GET', path: '/api/trpc/fixture.request', agent });
      expect(next.status).toBe(200);
    } finally {
      agent.destroy();
    }
  });
});

describe('clients of this site and clients without a browser', () => {
  test.each([
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'content-type': 'application/json; charset=utf-8' },
    { 'content-type': 'Application/JSON' },
    {},
  ])('are served with headers %j', async (headers) => {
    const response = await rawRequest(product, {
      method: 'POST',
      path: '/api/trpc/fixture.body',
      headers: { ...json, ...headers },
      chunks: ['{"json":1}'],
    });
    expect(await resultOf(response)).toEqual({ res: 1 });
  });

  test("are served with the site's own Origin", async () => {
    const response = await rawRequest(product, {
      method: 'POST',
      path: '/api/trpc/fixture.body',
      headers: { ...json, origin: product.baseUrl },
      chunks: ['{"json":1}'],
    });
    expect(await resultOf(response)).toEqual({ res: 1 });
  });

  test('get no CORS headers', async () => {
    const response = await fetch(`${product.baseUrl}/api/trpc/fixture.request`, {
      headers: { origin: 'https://evil.example' },
    });
    const cors = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
    expect(cors).toEqual([]);
  });
});

describe('the request id', () => {
  const requestWithId = (id: string) =>
    fetch(`${product.baseUrl}/api/trpc/nothing.here`, { headers: { 'x-request-id': id } });

  test.each(['12345678', 'trace:2026.11-22_a', 'a'.repeat(128)])('is kept if it is valid: %s', async (id) => {
    const { data } = await expectError(await requestWithId(id), { reason: 'not_found' });
    expect(data.requestId).toBe(id);
  });

  test.each([
    'short',
    'a'.repeat(129),
    'with space in it',
    '{"level":"fatal"}',
    '<script>alert(1)</script>',
    '$(touch /tmp/x)',
    'caf\u00e9-caf\u00e9-caf\u00e9',
  ])('is replaced if it is invalid: %s', async (id) => {
    const { data, text } = await expectError(await requestWithId(id), { reason: 'not_found' });
    expect(data.requestId).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(text).not.toContain(id);
  });

  test('is different for each call', async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () =>
        (await post(product, 'fixture.body', 1)).headers.get('x-request-id'),
      ),
    );
    expect(new Set(ids).size).toBe(5);
  });
});
