import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectError, rawRequest } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct({ SITE_URL: 'https://bff.example.org', ALLOWED_HOSTS: 'bff.internal' });
});
afterAll(() => product.close());

const get = (path: string, headers: Record<string, string>) =>
  rawRequest(product, { method: 'GET', path, headers });

describe('a request for another host gets a 403', () => {
  test.each([
    '/',
    '/docs',
    '/docs/fixture.body',
    '/no/such/page',
    '/rss.xml',
    '/api/trpc/fixture.request',
    '/mcp',
    '/metrics',
    '/api/raw/store/files/a',
  ])('%s', async (path) => {
    const response = await get(path, {
      host: 'evil.example',
      origin: 'http://evil.example',
      'sec-fetch-site': 'same-origin',
    });
    await expectError(response, { reason: 'host_not_allowed' });
  });
});

test('a form posted to another host gets a 403', async () => {
  const response = await rawRequest(product, {
    method: 'POST',
    path: '/contact/send',
    headers: {
      host: 'evil.example',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '7',
    },
    chunks: ['email=a'],
  });
  await expectError(response, { reason: 'host_not_allowed' });
});

test.each(['bff.example.org', 'bff.internal:3000'])('%s is served', async (host) => {
  expect((await get('/', { host })).status).toBe(200);
  expect((await get('/api/trpc/fixture.request', { host })).status).toBe(200);
});

test('health checks accept any host, metrics also addresses', async () => {
  expect((await get('/healthz', { host: 'evil.example' })).status).toBe(200);
  expect((await get('/readyz', { host: 'evil.example' })).status).toBe(200);
  expect((await get('/metrics', { host: '127.0.0.1' })).status).toBe(
    process.env.PRODUCT_SERVER === 'next' ? 401 : 200,
  );
});
