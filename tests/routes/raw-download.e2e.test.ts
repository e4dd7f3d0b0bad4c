import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import type { SharedProduct } from '#tests/support/shared.ts';
import { patternAt } from '#tests/support/upstreams/index.ts';
import { withFileStore } from './raw-client.ts';
import { entriesOf } from './raw-tar.ts';

let product: SharedProduct;
withFileStore((started) => {
  product = started;
});

const file = (bytes: number) => `/api/raw/store/files/synthetic-${bytes}.bin`;
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${product.baseUrl}${path}`, { method, headers });

describe('a download', () => {
  test('has length and type, is an attachment with a file name, and is never transformed', async () => {
    const response = await get(file(200_000));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '200000',
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="synthetic-200000.bin"',
      'cache-control': 'private, no-cache, no-transform',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
      ratelimit: expect.stringContaining('"upstream"'),
    });
    const body = Buffer.from(await response.arrayBuffer());
    expect(body.equals(patternAt(0, 200_000))).toBe(true);
  });

  test('HEAD returns the same headers without the body', async () => {
    const response = await get(file(200_000), {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('200000');
    expect(await response.text()).toBe('');
  });

  test('a range returns a part, and a range beyond the end gets a 416', async () => {
    const part = await get(file(1_000), { range: 'bytes=10-19' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/1000');
    expect(Buffer.from(await part.arrayBuffer()).equals(patternAt(10, 10))).toBe(true);
    const beyond = await get(file(1_000), { range: 'bytes=5000-' });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe('bytes */1000');
  });

  test('a version that the client already has gets a 304', async () => {
    const first = await get(file(1_000));
    await first.arrayBuffer();
    const { etag, modified } = {
      etag: first.headers.get('etag') ?? '',
      modified: first.headers.get('last-modified') ?? '',
    };
    expect((await get(file(1_000), { 'if-none-match': etag })).status).toBe(304);
    expect((await get(file(1_000), { 'if-modified-since': modified })).status).toBe(304);
    const changed = await get(file(1_000), { range: 'bytes=0-1', 'if-range': '"another"' });
    expect(changed.status).toBe(200);
    await changed.arrayBuffer();
  });

  test("the caller's other headers are not forwarded", async () => {
    const response = await get(file(10), {
      cookie: 'session=mine',
      authorization: 'Basic bWluZTptaW5l',
      'accept-language': 'mine',
      'x-forwarded-for': '203.0.113.9',
    });
    await response.arrayBuffer();
    const [seen] = product.upstreams.store.requests;
    expect(JSON.stringify(seen?.headers)).not.toMatch(/mine|bWlu|203\.0\.113/);
  });

  test('an archive is a tar file with a file name', async () => {
    const response = await get('/api/raw/archives/trpc/trpc/tar.gz/v1.32.0');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="trpc-v1.32.0.tar.gz"');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300, no-transform');
    const paths = entriesOf(gunzipSync(await response.arrayBuffer()));
    expect(paths).toContainEqual(expect.stringMatching(/\/README\.md$/));
  });
});

describe('an error', () => {
  test('a missing file or route is not_found', async () => {
    await expectError(await get('/api/raw/store/files/nothing.bin'), { reason: 'not_found' });
    await expectError(await get('/api/raw/store/other/x'), { reason: 'not_found' });
    await expectError(await get('/api/raw/items/items/trpc/trpc'), { reason: 'not_found' });
  });

  test('another method gets a 405 with Allow', async () => {
    const response = await get(file(1), {}, 'DELETE');
    expect(response.headers.get('allow')).toBe('GET, HEAD, PUT');
    await expectError(response, { reason: 'method_not_allowed' });
  });

  test('an upstream that is not configured is neither listed nor served', async () => {
    const without = await startProduct({ FIXTURE_STORE_URL: '' });
    try {
      const listed = JSON.stringify(await resultOf(await post(without, 'proxy.endpoints')));
      expect(listed).toContain('archives');
      expect(listed).not.toContain('/api/raw/store/');
      await expectError(await fetch(`${without.baseUrl}${file(1)}`), { reason: 'not_found' });
    } finally {
      await without.close();
    }
  });

  test('the rate limit of the upstream class applies', async () => {
    const limited = await startProduct({ RATE_LIMITS: 'upstream=1/60' });
    try {
      await (await fetch(`${limited.baseUrl}${file(1)}`)).arrayBuffer();
      const response = await fetch(`${limited.baseUrl}${file(1)}`);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      await expectError(response, { reason: 'rate_limited' });
    } finally {
      await limited.close();
    }
  });
});

describe('an incomplete stream', () => {
  /** Reads with node:http, which distinguishes a truncated response from a complete one. */
  const read = (path: string) =>
    new Promise<{ announced: number; bytes: number; complete: boolean }>((resolve, reject) => {
      request(`${product.baseUrl}${path}`, { agent: false }, (response) => {
        let bytes = 0;
        const done = () =>
          resolve({
            announced: Number(response.headers['content-length']),
            bytes,
            complete: response.complete,
          });
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('error', () => undefined);
        response.on('close', done);
      })
        .on('error', reject)
        .end();
    });

  test('closes the connection, so that a part is not mistaken for the whole', async () => {
    product.upstreams.store.fault({ kind: 'cut', afterBytes: 100_000 });
    const { announced, bytes, complete } = await read(file(10_000_000));
    expect(announced).toBe(10_000_000);
    expect(bytes).toBeLessThan(announced);
    expect(complete).toBe(false);
  });

  test('ends the upstream transfer within a second if the client disconnects', async () => {
    const controller = new AbortController();
    const response = await fetch(`${product.baseUrl}${file(1_000_000_000)}`, { signal: controller.signal });
    await response.body?.getReader().read();
    expect(product.upstreams.store.open).toBe(1);
    controller.abort();
    await expect.poll(() => product.upstreams.store.open, { timeout: 1_000, interval: 20 }).toBe(0);
  });
});
