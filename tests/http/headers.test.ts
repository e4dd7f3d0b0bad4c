import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPages, pagesAndPosts, posts } from '#tests/support/pages.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { sendBytes } from './support/raw-socket.ts';

let product: SharedProduct;
let secure: Product;
beforeAll(async () => {
  [product, secure] = await Promise.all([sharedProduct(), startProduct({ SITE_URL: 'https://bff.example' })]);
});
afterAll(() => secure.close());

const chunk = readdirSync('.next/static/chunks').find((file) => file.endsWith('.js')) ?? 'none';
const json = { 'content-type': 'application/json' };
const file = '/api/raw/files/files/synthetic-10.bin';

type Kind = { title: string; path: string; status: number; init?: RequestInit };
const trpc: Kind[] = [
  { title: 'a tRPC result', path: '/api/trpc/echo.request', status: 200 },
  { title: 'a tRPC batch', path: '/api/trpc/echo.request,email.status?batch=1', status: 207 },
  {
    title: 'a tRPC mutation',
    path: '/api/trpc/echo.body',
    status: 200,
    init: { method: 'POST', headers: json, body: '{"json":1}' },
  },
  { title: 'an input refused by tRPC', path: '/api/trpc/email.status', status: 400 },
  { title: 'a preflight', path: '/api/trpc/echo.body', status: 204, init: { method: 'OPTIONS' } },
];
const refused: Kind[] = [
  { title: 'an unknown procedure', path: '/api/trpc/nothing.here', status: 404 },
  { title: 'a method refused', path: '/api/trpc/echo.body', status: 405 },
  { title: 'a type refused', path: '/api/trpc/echo.body', status: 415, init: { method: 'POST', body: 'x' } },
  { title: 'a webhook without a secret', path: '/api/revalidate', status: 404, init: { method: 'POST' } },
  { title: 'an unknown API', path: '/api/nothing', status: 404 },
  { title: 'a malformed path', path: '/api/trpc/%', status: 400 },
  { title: 'no file of an upstream', path: '/api/raw/files/files/none.bin', status: 404 },
  { title: 'a path that no upstream may get', path: '/api/raw/files/files/%2e%2e', status: 400 },
  { title: 'a file deleted', path: file, status: 405, init: { method: 'DELETE' } },
  { title: 'an upload refused', path: file, status: 415, init: { method: 'PUT', body: 'x' } },
];
const streams: Kind[] = [
  { title: 'a download', path: file, status: 200 },
  { title: 'the head of a download', path: file, status: 200, init: { method: 'HEAD' } },
  { title: 'a part of a file', path: file, status: 206, init: { headers: { range: 'bytes=0-1' } } },
  { title: 'no part of a file', path: file, status: 416, init: { headers: { range: 'bytes=99-' } } },
  { title: 'a file not modified', path: file, status: 304, init: { headers: { 'if-none-match': '*' } } },
  { title: 'a preflight of a stream', path: file, status: 204, init: { method: 'OPTIONS' } },
  { title: 'an archive', path: '/api/raw/codeload/trpc/trpc/tar.gz/refs/tags/v1.32.0', status: 200 },
];
const others: Kind[] = [
  ...pagesAndPosts.map((path): Kind => ({ title: `the page ${path}`, path, status: 200 })),
  ...missingPages.map((path): Kind => ({ title: `no page at ${path}`, path, status: 404 })),
  { title: 'no file', path: '/no-such-file.txt', status: 404 },
  { title: 'no post with a dot', path: '/posts/no.such.post', status: 404 },
  { title: 'no static file', path: '/_next/static/no-such-file.js', status: 404 },
  { title: 'no data', path: '/_next/data/x/index.json', status: 404 },
  { title: 'the feed', path: '/rss.xml', status: 200 },
  ...[
    '/atom.xml',
    '/feed.json',
    '/sitemap.xml',
    '/robots.txt',
    '/manifest.webmanifest',
    '/.well-known/security.txt',
    '/.well-known/api-catalog',
    '/opengraph-image',
    `/posts/${posts[0]}/opengraph-image`,
    '/favicon.ico',
    '/apple-icon.png',
    '/icon-192.png',
  ].map((path): Kind => ({ title: path, path, status: 200 })),
  {
    title: 'a feed not modified',
    path: '/rss.xml',
    status: 304,
    init: { headers: { 'if-none-match': '*' } },
  },
  { title: 'llms.txt', path: '/llms.txt', status: 200 },
  { title: 'a documentation page', path: '/docs/procedures/echo.body.md', status: 200 },
  { title: 'health', path: '/healthz', status: 200 },
  { title: 'readiness', path: '/readyz', status: 200 },
  { title: 'metrics', path: '/metrics', status: 200 },
  { title: 'a script', path: `/_next/static/chunks/${chunk}`, status: 200 },
  { title: 'the icon', path: '/icon.svg', status: 200 },
  { title: 'a redirect of Next', path: '/weather/', status: 308 },
  {
    title: 'a form answered',
    path: '/weather/choose',
    status: 303,
    init: { method: 'POST', body: new URLSearchParams({ name: 'x', lat: '1', lng: '1' }) },
  },
  { title: 'a form refused', path: '/weather/choose', status: 415, init: { method: 'POST', body: 'x' } },
  { title: 'a page sent to', path: '/posts', status: 405, init: { method: 'PUT', body: 'x' } },
];
const all = [...trpc, ...refused, ...streams, ...others];

const ask = async ({ path, init, status }: Kind, of = product): Promise<Headers> => {
  const response = await fetch(`${of.baseUrl}${path}`, { redirect: 'manual', ...init });
  await response.arrayBuffer();
  expect(response.status).toBe(status);
  return response.headers;
};

describe('every kind of answer keeps browsers strict', () => {
  test.each(all)('$title', async (kind) => {
    const headers = await ask(kind);
    const kept = ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'permissions-policy'];
    expect(Object.fromEntries(kept.map((name) => [name, headers.get(name)]))).toEqual({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': expect.stringMatching(/^(strict-origin-when-cross-origin|no-referrer|same-origin)$/),
      'permissions-policy': expect.stringContaining('camera=()'),
    });
    expect(headers.get('content-security-policy') ?? '').toContain("frame-ancestors 'none'");
  });

  test('also one that was refused before anything else looked at it', async () => {
    const { answers } = await sendBytes(
      product.baseUrl,
      'TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(answers[0]?.status).toBe(405);
    expect(answers[0]?.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answers[0]?.headers.get('x-frame-options')).toBe('DENY');
  });
});

describe('strict transport security', () => {
  test.each(all)('$title: with a site on https alone', async (kind) => {
    expect((await ask(kind)).get('strict-transport-security')).toBeNull();
    expect((await ask(kind, secure)).get('strict-transport-security')).toMatch(/^max-age=\d{8,}/);
  });
});

test.each([...trpc, ...refused])('$title is stored by no cache', async (kind) => {
  const cacheControl = (await ask(kind)).get('cache-control') ?? '';
  if (kind.status !== 204) expect(cacheControl).toMatch(/\bno-store\b/);
  expect(cacheControl).not.toMatch(/public|max-age=[1-9]/);
});

test.each(trpc.filter(({ status }) => status !== 204))('$title is private', async (kind) => {
  expect((await ask(kind)).get('cache-control')).toBe('private, no-store');
});

test.each(all)('$title does not say what it was made with', async (kind) => {
  const headers = await ask(kind);
  expect(headers.has('x-powered-by')).toBe(false);
  expect(headers.has('server')).toBe(false);
});
