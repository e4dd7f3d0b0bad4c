import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal } from './call.ts';
import { fileUrl, octets } from './raw-client.ts';

const friend = 'https://friend.example';
const file = 'files/files/synthetic-10.bin';
const archive = 'codeload/trpc/trpc/tar.gz/refs/tags/v1.32.0';

/** As the operator of no file store has it. */
let storeless: Product;
let product: Product;
beforeAll(async () => {
  [product, storeless] = await Promise.all([
    startProduct({ ALLOWED_ORIGINS: friend }),
    startProduct({ FILES_URL: '' }),
  ]);
});
afterAll(() => Promise.all([product.close(), storeless.close()]));

const ask = (path: string, init?: RequestInit) => fetch(`${product.baseUrl}/api/raw/${path}`, init);
const listed = (value: string | null) => (value ?? '').split(', ').sort();

describe('404', () => {
  test.each([
    { title: 'a file that the store has not', path: 'files/files/nothing.bin' },
    { title: 'a tag that is none', path: 'codeload/trpc/trpc/tar.gz/refs/tags/v0.0.0' },
  ])('$title: the upstream was asked', async ({ path }) => {
    const { message } = await expectRefusal(await ask(path), {
      reason: 'not_found',
      path: `/api/raw/${path}`,
    });
    expect(message).toBe('The upstream knows nothing of this.');
  });

  test.each([
    'nobody/files/synthetic-10.bin',
    'files/synthetic-10.bin',
    'files/files/synthetic-10.bin/more',
    'files/other/synthetic-10.bin',
    'files',
    'github/repos/trpc/trpc',
    'codeload/trpc/trpc/zip/refs/tags/v1.32.0',
    '__proto__/files/synthetic-10.bin',
    'constructor/name',
  ])('%s: nothing that is declared, so nobody was asked', async (path) => {
    const { files, codeload, github } = product.upstreams;
    for (const { requests } of [files, codeload, github]) requests.length = 0;
    await expectRefusal(await ask(path), { reason: 'not_found' });
    expect([files, codeload, github].flatMap(({ requests }) => requests)).toEqual([]);
  });

  test.each(['GET', 'PUT'])('%s of an upstream that is not configured here', async (method) => {
    const body = method === 'PUT' ? { body: 'x', headers: octets } : {};
    const response = await fetch(fileUrl(storeless, 'synthetic-10.bin'), { method, ...body });
    await expectRefusal(response, { reason: 'not_found' });
    expect(storeless.upstreams.files.requests).toEqual([]);
  });

  test('nor is it among the endpoints', async () => {
    const names = async ({ baseUrl }: Product) =>
      (await createScriptClient({ baseUrl }).proxy.endpoints.query()).map(({ upstream }) => upstream);
    expect(await names(product)).toContain('files');
    expect(await names(storeless)).not.toContain('files');
    expect(await names(storeless)).toContain('codeload');
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
    product.upstreams.files.requests.length = 0;
    const response = await ask(path, { method, body: 'x', headers: octets });
    expect(listed(response.headers.get('allow'))).toEqual(allow);
    await expectRefusal(response, { reason: 'method_not_allowed' });
    expect(product.upstreams.files.requests).toEqual([]);
  });
});

describe('OPTIONS', () => {
  const preflight = (path: string, origin: string) =>
    ask(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });

  test.each([
    { path: file, allow: ['GET', 'HEAD', 'OPTIONS', 'PUT'] },
    { path: archive, allow: ['GET', 'HEAD', 'OPTIONS'] },
  ])('$path: what may be done, and the upstream is not asked', async ({ path, allow }) => {
    product.upstreams.files.requests.length = 0;
    const response = await ask(path, { method: 'OPTIONS' });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(listed(response.headers.get('allow'))).toEqual(allow);
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(product.upstreams.files.requests).toEqual([]);
  });

  test('lets a listed origin go on, and no other', async () => {
    const { headers } = await preflight(file, friend);
    expect(headers.get('access-control-allow-origin')).toBe(friend);
    expect(listed(headers.get('access-control-allow-methods'))).toEqual(['GET', 'HEAD', 'PUT']);
    const other = await preflight(file, 'https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(other.headers.get('access-control-allow-methods')).toBeNull();
  });

  test('of nothing is 404', async () => {
    await expectRefusal(await preflight('files/other', friend), { reason: 'not_found' });
  });
});
