import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { securityHeaders } from '#server/http/security-headers.ts';
import { buildFolder } from '#server/process/build-folder.ts';
import { missingPages, pagesAndPosts, posts } from '#tests/support/pages.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { sendBytes } from './support/raw-socket.ts';

let product: SharedProduct;
let secure: Product;
beforeAll(async () => {
  [product, secure] = await Promise.all([sharedProduct(), startProduct({ SITE_URL: 'https://bff.example' })]);
});
afterAll(() => secure.close());

const chunk = readdirSync(`${buildFolder}/static/chunks`).find((file) => file.endsWith('.js')) ?? 'none';
const json = { 'content-type': 'application/json' };
const file = '/api/raw/store/files/synthetic-10.bin';

type Row = { title: string; path: string; status: number; init?: RequestInit };
const trpc: Row[] = [
  { title: 'a tRPC result', path: '/api/trpc/fixture.request', status: 200 },
  { title: 'a tRPC batch', path: '/api/trpc/fixture.request,email.status?batch=1', status: 207 },
  {
    title: 'a tRPC mutation',
    path: '/api/trpc/fixture.body',
    status: 200,
    init: { method: 'POST', headers: json, body: '{"json":1}' },
  },
  { title: 'an input rejected by tRPC', path: '/api/trpc/email.status', status: 400 },
  { title: 'a preflight', path: '/api/trpc/fixture.body', status: 204, init: { method: 'OPTIONS' } },
];
const rejected: Row[] = [
  { title: 'an unknown procedure', path: '/api/trpc/nothing.here', status: 404 },
  { title: 'a method that is not allowed', path: '/api/trpc/fixture.body', status: 405 },
  {
    title: 'a media type that is not supported',
    path: '/api/trpc/fixture.body',
    status: 415,
    init: { method: 'POST', body: 'x' },
  },
  { title: 'a webhook without a secret', path: '/api/revalidate', status: 404, init: { method: 'POST' } },
  {
    title: 'a webhook that does not exist',
    path: '/api/webhooks/orders',
    status: 404,
    init: { method: 'POST' },
  },
  { title: 'an unknown API', path: '/api/nothing', status: 404 },
  { title: 'a malformed path', path: '/api/trpc/%', status: 400 },
  { title: 'a missing upstream file', path: '/api/raw/store/files/none.bin', status: 404 },
  { title: 'a path not allowed to reach an upstream', path: '/api/raw/store/files/%2e%2e', status: 400 },
  { title: 'DELETE on an upstream file', path: file, status: 405, init: { method: 'DELETE' } },
  {
    title: 'a rejected upload',
    path: file,
    status: 415,
    init: {
      method: 'PUT',
      body: 'x',
      headers: { ...proxyAuthorization, 'content-type': 'multipart/form-data' },
    },
  },
  { title: 'an upload without a service key', path: file, status: 401, init: { method: 'PUT', body: 'x' } },
];
const streams: Row[] = [
  { title: 'a download', path: file, status: 200 },
  { title: 'a HEAD request for a download', path: file, status: 200, init: { method: 'HEAD' } },
  { title: 'a byte range of a file', path: file, status: 206, init: { headers: { range: 'bytes=0-1' } } },
  {
    title: 'an unsatisfiable byte range',
    path: file,
    status: 416,
    init: { headers: { range: 'bytes=99-' } },
  },
  { title: 'an unmodified file', path: file, status: 304, init: { headers: { 'if-none-match': '*' } } },
  { title: 'a preflight for a file', path: file, status: 204, init: { method: 'OPTIONS' } },
  { title: 'an archive', path: '/api/raw/archives/trpc/trpc/tar.gz/v1.32.0', status: 200 },
];
const others: Row[] = [
  ...pagesAndPosts.map((path): Row => ({ title: `the page ${path}`, path, status: 200 })),
  ...missingPages.map((path): Row => ({ title: `the missing page ${path}`, path, status: 404 })),
  { title: 'a missing file', path: '/no-such-file.txt', status: 404 },
  { title: 'a missing static file', path: '/_next/static/no-such-file.js', status: 404 },
  { title: 'missing page data', path: '/_next/data/x/index.json', status: 404 },
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
    ...posts.slice(0, 1).map((slug) => `/posts/${slug}/opengraph-image`),
    '/favicon.ico',
    '/apple-icon.png',
    '/icon-192.png',
  ].map((path): Row => ({ title: path, path, status: 200 })),
  {
    title: 'an unmodified feed',
    path: '/rss.xml',
    status: 304,
    init: { headers: { 'if-none-match': '*' } },
  },
  { title: 'the mails of the inbox', path: '/api/inbox', status: 200 },
  { title: 'llms.txt', path: '/llms.txt', status: 200 },
  { title: 'a documentation page', path: '/docs/procedures/fixture.body.md', status: 200 },
  { title: 'health', path: '/healthz', status: 200 },
  { title: 'readiness', path: '/readyz', status: 200 },
  { title: 'metrics', path: '/metrics', status: process.env.PRODUCT_SERVER === 'next' ? 401 : 200 },
  { title: 'a script', path: `/_next/static/chunks/${chunk}`, status: 200 },
  { title: 'the icon', path: '/icon.svg', status: 200 },
  { title: "Next's own redirect", path: '/contact/', status: 308 },
  {
    title: 'an accepted form',
    path: '/contact/send',
    status: 303,
    init: { method: 'POST', body: new URLSearchParams({ email: 'not an address', contents: 'x' }) },
  },
  { title: 'a rejected form', path: '/contact/send', status: 415, init: { method: 'POST', body: 'x' } },
  { title: 'PUT on a page', path: '/docs', status: 405, init: { method: 'PUT', body: 'x' } },
];
const all = [...trpc, ...rejected, ...streams, ...others];

const fetchHeaders = async ({ path, init, status }: Row, server = product): Promise<Headers> => {
  const response = await fetch(`${server.baseUrl}${path}`, { redirect: 'manual', ...init });
  await response.arrayBuffer();
  expect(response.status).toBe(status);
  return response.headers;
};

describe('every response has the security headers', () => {
  test.each(all)('$title', async (row) => {
    const headers = await fetchHeaders(row);
    const names = ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'permissions-policy'];
    expect(Object.fromEntries(names.map((name) => [name, headers.get(name)]))).toEqual({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': expect.stringMatching(/^(strict-origin-when-cross-origin|no-referrer|same-origin)$/),
      'permissions-policy': expect.stringContaining('camera=()'),
    });
    expect(headers.get('content-security-policy') ?? '').toContain("frame-ancestors 'none'");
  });

  test('TRACE, which is rejected before routing', async () => {
    const { responses } = await sendBytes(
      product.baseUrl,
      'TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(responses[0]?.status).toBe(405);
    expect(responses[0]?.headers.get('x-content-type-options')).toBe('nosniff');
    expect(responses[0]?.headers.get('x-frame-options')).toBe('DENY');
  });
});

describe('Strict-Transport-Security is sent only if the site uses https', () => {
  test.each(all)('$title', async (row) => {
    expect((await fetchHeaders(row)).get('strict-transport-security')).toBeNull();
    expect((await fetchHeaders(row, secure)).get('strict-transport-security')).toMatch(/^max-age=\d{8,}/);
  });
});

test('Strict-Transport-Security includes subdomains only if the operator asks for it', () => {
  const https = { SITE_URL: 'https://bff.example' };
  const headerOf = (HSTS_SUBDOMAINS: boolean) =>
    securityHeaders({ ...https, HSTS_SUBDOMAINS })['strict-transport-security'];
  expect(headerOf(false)).toBe('max-age=31536000');
  expect(headerOf(true)).toBe('max-age=31536000; includeSubDomains');
});

test.each([...trpc, ...rejected])('$title is not cacheable', async (row) => {
  const cacheControl = (await fetchHeaders(row)).get('cache-control') ?? '';
  if (row.status !== 204) expect(cacheControl).toMatch(/\bno-store\b/);
  expect(cacheControl).not.toMatch(/public|max-age=[1-9]/);
});

test.each(trpc.filter(({ status }) => status !== 204))('$title is private and not stored', async (row) => {
  expect((await fetchHeaders(row)).get('cache-control')).toBe('private, no-store');
});

test.each(all)('$title names neither the server nor the framework', async (row) => {
  const headers = await fetchHeaders(row);
  expect(headers.has('x-powered-by')).toBe(false);
  expect(headers.has('server')).toBe(false);
});
