import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { patternAt } from '#tests/support/upstreams/index.ts';
import { fileUrl } from './raw-client.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});
beforeEach(() => {
  product.upstreams.store.requests.length = 0;
});

const size = 200_000;
const etag = `"synthetic-${size}"`;
const modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
const before = 'Sun, 31 Dec 2023 23:59:59 GMT';

const get = (headers: Record<string, string>) =>
  fetch(fileUrl(product, `synthetic-${size}.bin`), { headers });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('a range', () => {
  test.each([
    { range: 'bytes=0-0', first: 0, length: 1 },
    { range: 'bytes=100-65999', first: 100, length: 65_900 },
    { range: 'bytes=199990-', first: 199_990, length: 10 },
    { range: 'bytes=-7', first: 199_993, length: 7 },
    { range: 'bytes=199999-999999', first: 199_999, length: 1 },
  ])('$range returns exactly those bytes and their Content-Range', async ({ range, first, length }) => {
    const response = await get({ range });
    expect(response.status).toBe(206);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-range': `bytes ${first}-${first + length - 1}/${size}`,
      'content-length': String(length),
      'content-type': 'application/octet-stream',
      etag,
    });
    expect(await bytesOf(response)).toEqual(patternAt(first, length));
  });

  test.each(['bytes=200000-', 'bytes=-0'])(
    '%s is unsatisfiable and gets a 416 with the length of the file',
    async (range) => {
      const response = await get({ range });
      expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
      expect(response.headers.has('content-disposition')).toBe(false);
      await expectError(response, { reason: 'range_not_satisfiable' });
    },
  );

  test.each(['lines=1-2', 'bytes=0-1,5-6', 'bytes=9-1'])(
    '%s is ignored and the whole file is returned',
    async (range) => {
      const response = await get({ range });
      expect([response.status, response.headers.get('content-range')]).toEqual([200, null]);
      expect((await bytesOf(response)).length).toBe(size);
    },
  );
});

describe('a client with the current version gets a 304 without a body', () => {
  test.each<Record<string, string>>([
    { 'if-none-match': etag },
    { 'if-none-match': `"other", W/${etag}` },
    { 'if-none-match': '*' },
    { 'if-modified-since': modified },
    { 'if-none-match': etag, 'if-modified-since': before },
  ])('%j', async (headers) => {
    const response = await get(headers);
    expect([response.status, await response.text()]).toEqual([304, '']);
    expect(response.headers.get('etag')).toBe(etag);
    expect(response.headers.get('last-modified')).toBe(modified);
    expect(response.headers.get('cache-control')).toMatch(/\bno-transform\b/);
    const [seen] = product.upstreams.store.requests;
    for (const [name, value] of Object.entries(headers)) expect(seen?.headers[name]).toBe(value);
  });

  test('for an archive too', async () => {
    const url = `${product.baseUrl}/api/raw/archives/trpc/trpc/tar.gz/v1.32.0`;
    const first = await fetch(url);
    await first.arrayBuffer();
    const tag = first.headers.get('etag') ?? '';
    const second = await fetch(url, { headers: { 'if-none-match': tag } });
    expect([second.status, await second.text()]).toEqual([304, '']);
    expect(second.headers.get('etag')).toBe(tag);
  });
});

test.each<Record<string, string>>([
  { 'if-none-match': '"other"' },
  { 'if-modified-since': before },
  { 'if-none-match': '"other"', 'if-modified-since': modified },
])('a client with another version gets the whole file: %j', async (headers) => {
  const response = await get(headers);
  expect(response.status).toBe(200);
  expect((await bytesOf(response)).length).toBe(size);
});

describe('If-Range', () => {
  const range = 'bytes=10-19';

  test.each([etag, modified])('%s matches the current version: the range is returned', async (version) => {
    const response = await get({ range, 'if-range': version });
    expect(response.status).toBe(206);
    expect(await bytesOf(response)).toEqual(patternAt(10, 10));
  });

  test.each(['"other"', `W/${etag}`, before])(
    '%s does not match: the whole file is returned',
    async (version) => {
      const response = await get({ range, 'if-range': version });
      expect([response.status, response.headers.get('content-range')]).toEqual([200, null]);
      expect((await bytesOf(response)).length).toBe(size);
    },
  );
});
