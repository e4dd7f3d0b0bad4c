import { gunzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createScriptClient } from '#client/node.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { fileUrl, sha256 } from './raw-client.ts';
import { entriesOf } from './raw-tar.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  product.upstreams.store.requests.length = 0;
});

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

test('the headers of an upstream file are passed on, with our own file name', async () => {
  const response = await fetch(fileUrl(product, 'synthetic-1000003.bin'));
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-length': '1000003',
    'content-disposition': 'attachment; filename="synthetic-1000003.bin"',
    'accept-ranges': 'bytes',
    etag: '"synthetic-1000003"',
    'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
  });
  expect(response.headers.has('content-encoding')).toBe(false);
  expect(sha256(await bytesOf(response))).toBe(patternSha256(1_000_003));
});

test('an empty file is served', async () => {
  const response = await fetch(fileUrl(product, 'synthetic-0.bin'));
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
  expect(await response.text()).toBe('');
});

test('HEAD has the same headers as GET and sends HEAD to the store', async () => {
  const url = fileUrl(product, 'synthetic-1073741824.bin');
  const head = await fetch(url, { method: 'HEAD' });
  const get = await fetch(url);
  await get.body?.cancel();
  expect([head.status, await head.text()]).toEqual([200, '']);
  for (const [name, value] of get.headers) {
    if (!/^(?:date|x-request-id|ratelimit|connection|keep-alive)$/.test(name))
      expect(head.headers.get(name), name).toBe(value);
  }
  expect(product.upstreams.store.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
});

test('the store receives only the caller headers that the endpoint lists, and no query', async () => {
  const response = await fetch(`${fileUrl(product, 'synthetic-1000.bin')}?secret=mine&x=../..`, {
    headers: {
      cookie: 'session=mine',
      authorization: 'Basic bWluZTptaW5l',
      'accept-language': 'mi-ne',
      'x-forwarded-for': '203.0.113.9',
      'user-agent': 'mine/1.0',
      'x-request-id': 'mine-mine-mine',
      referer: 'https://mine.example/',
      accept: 'application/x-mine',
      'accept-encoding': 'gzip, mine',
      range: 'bytes=0-9',
    },
  });
  expect(response.status).toBe(206);
  expect(response.headers.get('x-request-id')).toBe('mine-mine-mine');
  expect(await bytesOf(response)).toEqual(patternAt(0, 10));
  const [seen] = product.upstreams.store.requests;
  expect(seen?.url).toBe('/files/synthetic-1000.bin');
  expect(seen?.headers).toEqual({
    accept: '*/*',
    'accept-encoding': 'identity',
    connection: 'keep-alive',
    host: new URL(product.upstreams.store.url).host,
    range: 'bytes=0-9',
    'user-agent': 'typed-bff',
  });
});

describe('the example of the endpoint', () => {
  const exampleSchema = z.object({ params: z.record(z.string(), z.string()) });

  /** Returns the example in the list of endpoints as a path. */
  async function examplePath(upstream: string, name: string): Promise<string> {
    const listed = await createScriptClient({ baseUrl: product.baseUrl }).proxy.endpoints.query();
    const endpoint = listed.find((each) => each.upstream === upstream && each.name === name);
    expect(endpoint?.kind).toBe('raw');
    const { params } = exampleSchema.parse(endpoint?.example);
    return String(endpoint?.path.replace(/\{(\w+)\}/g, (_, key) => params[key] ?? ''));
  }

  test('downloads a file of the store', async () => {
    const response = await fetch(`${product.baseUrl}${await examplePath('store', 'download')}`);
    expect(response.status).toBe(200);
    expect(sha256(await bytesOf(response))).toBe(patternSha256(1_048_576));
  });

  test("downloads the archive of a release with the upstream's bytes", async () => {
    const path = await examplePath('archives', 'archive');
    expect(path).toBe('/api/raw/archives/trpc/trpc/tar.gz/v1.32.0');
    const response = await fetch(`${product.baseUrl}${path}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/gzip',
      'content-disposition': 'attachment; filename="trpc-v1.32.0.tar.gz"',
      etag: expect.stringMatching(/^W\/"[\da-f]{64}"$/),
    });
    const archive = await bytesOf(response);
    const direct = await fetch(`${product.upstreams.archives.url}${path.replace('/api/raw/archives', '')}`);
    expect(archive).toEqual(await bytesOf(direct));
    expect(entriesOf(gunzipSync(archive))).toEqual(['trpc-1.32.0/', 'trpc-1.32.0/README.md']);
  });
});

test.each([
  ['pic.png', 'image/png', 'image/png', 'attachment; filename="pic.png"'],
  [
    'r%C3%A9sum%C3%A9 (1).pdf',
    'application/pdf',
    'application/pdf',
    `attachment; filename="r_sum_ (1).pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%281%29.pdf`,
  ],
  ['page.html', 'text/html', 'text/html', 'attachment; filename="page.html"'],
  ['my%20notes.txt', 'Text/Plain', 'text/plain', 'attachment; filename="my notes.txt"'],
  // A page of this origin could run or apply these, although they are attachments.
  ['app.js', 'text/javascript', 'application/octet-stream', 'attachment; filename="app.js"'],
  ['app.css', 'text/css', 'application/octet-stream', 'attachment; filename="app.css"'],
])(
  'a file %s of type %s is uploaded and downloaded as an attachment',
  async (name, type, sent, disposition) => {
    const url = fileUrl(product, name);
    const stored = await fetch(url, {
      method: 'PUT',
      body: 'bytes',
      headers: { ...proxyAuthorization, 'content-type': type },
    });
    expect([stored.status, stored.headers.get('content-disposition')?.split(';', 1)[0]]).toEqual([
      201,
      'attachment',
    ]);
    await stored.arrayBuffer();
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(sent);
    expect(response.headers.get('content-disposition')).toBe(disposition);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('bytes');
  },
);
