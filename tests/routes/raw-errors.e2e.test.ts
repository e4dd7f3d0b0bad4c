import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { expectError } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { fileUrl, octets } from './raw-client.ts';

const allowedOrigin = 'https://friend.example';
const file = 'store/files/synthetic-10.bin';
const archive = 'archives/trpc/trpc/tar.gz/v1.32.0';

/** Has no file store configured. */
let withoutStore: Product;
let product: Product;
beforeAll(async () => {
  [product, withoutStore] = await Promise.all([
    startProduct({ ALLOWED_ORIGINS: allowedOrigin }),
    startProduct({ FIXTURE_STORE_URL: '' }),
  ]);
});
afterAll(() => Promise.all([product.close(), withoutStore.close()]));

const send = (path: string, init?: RequestInit) => fetch(`${product.baseUrl}/api/raw/${path}`, init);
const listOf = (value: string | null) => (value ?? '').split(', ').sort();

describe('404', () => {
  test.each([
    { title: 'a file that the store does not have', path: 'store/files/nothing.bin' },
    { title: 'a tag that does not exist', path: 'archives/trpc/trpc/tar.gz/v0.0.0' },
  ])('$title, after a request to the upstream', async ({ path }) => {
    const { message } = await expectError(await send(path), {
      reason: 'not_found',
      path: `/api/raw/${path}`,
    });
    expect(message).toBe('The upstream has no such resource.');
  });

  test.each([
    'nobody/files/synthetic-10.bin',
    'store/synthetic-10.bin',
    'store/files/synthetic-10.bin/more',
    'store/other/synthetic-10.bin',
    'store',
    'items/items/trpc/trpc',
    'archives/trpc/trpc/zip/v1.32.0',
    '__proto__/files/synthetic-10.bin',
    'constructor/name',
  ])('%s is not declared, so no upstream is called', async (path) => {
    const { store, archives, items } = product.upstreams;
    for (const { requests } of [store, archives, items]) requests.length = 0;
    await expectError(await send(path), { reason: 'not_found' });
    expect([store, archives, items].flatMap(({ requests }) => requests)).toEqual([]);
  });

  test.each(['GET', 'PUT'])('%s of an upstream that is not configured', async (method) => {
    const body = method === 'PUT' ? { body: 'x', headers: { ...octets, ...proxyAuthorization } } : {};
    const response = await fetch(fileUrl(withoutStore, 'synthetic-10.bin'), { method, ...body });
    await expectError(response, { reason: 'not_found' });
    expect(withoutStore.upstreams.store.requests).toEqual([]);
  });

  test('an upstream that is not configured is not listed', async () => {
    const names = async ({ baseUrl }: Product) =>
      (await createScriptClient({ baseUrl }).proxy.endpoints.query()).map(({ upstream }) => upstream);
    expect(await names(product)).toContain('store');
    expect(await names(withoutStore)).not.toContain('store');
    expect(await names(withoutStore)).toContain('archives');
  });
});

describe('405', () => {
  test.each([
    { path: file, method: 'POST', allow: ['GET', 'HEAD', 'PUT'] },
    { path: file, method: 'PATCH', allow: ['GET', 'HEAD', 'PUT'] },
    { path: file, method: 'DELETE', allow: ['GET', 'HEAD', 'PUT'] },
    { path: archive, method: 'PUT', allow: ['GET', 'HEAD'] },
    { path: archive, method: 'POST', allow: ['GET', 'HEAD'] },
  ])('$method $path', async ({ path, method, allow }) => {
    product.upstreams.store.requests.length = 0;
    const response = await send(path, { method, body: 'x', headers: octets });
    expect(listOf(response.headers.get('allow'))).toEqual(allow);
    await expectError(response, { reason: 'method_not_allowed' });
    expect(product.upstreams.store.requests).toEqual([]);
  });
});

describe('OPTIONS', () => {
  const preflight = (path: string, origin: string) =>
    send(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });

  test.each([
    { path: file, allow: ['GET', 'HEAD', 'OPTIONS', 'PUT'] },
    { path: archive, allow: ['GET', 'HEAD', 'OPTIONS'] },
  ])('$path returns the allowed methods without calling the upstream', async ({ path, allow }) => {
    product.upstreams.store.requests.length = 0;
    const response = await send(path, { method: 'OPTIONS' });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(listOf(response.headers.get('allow'))).toEqual(allow);
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(product.upstreams.store.requests).toEqual([]);
  });

  test('allows a listed origin and no other', async () => {
    const { headers } = await preflight(file, allowedOrigin);
    expect(headers.get('access-control-allow-origin')).toBe(allowedOrigin);
    expect(listOf(headers.get('access-control-allow-methods'))).toEqual(['GET', 'HEAD', 'PUT']);
    const other = await preflight(file, 'https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(other.headers.get('access-control-allow-methods')).toBeNull();
  });

  test('on an unknown route is a 404', async () => {
    await expectError(await preflight('files/other', allowedOrigin), { reason: 'not_found' });
  });
});
