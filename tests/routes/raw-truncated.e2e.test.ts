import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import type { SharedProduct } from '#tests/support/shared.ts';
import { patternSha256 } from '#tests/support/upstreams/index.ts';
import { startRawServer } from '#tests/upstream-client/raw-server.ts';
import { fileUrl, openDownload, untilOpen, withFileStore } from './raw-client.ts';

let product: SharedProduct;
withFileStore(
  (started) => {
    product = started;
  },
  { TRUSTED_PROXY_HOPS: '1' },
);

const size = 5_000_000;
const name = `synthetic-${size}.bin`;

describe('a download that the upstream aborts', () => {
  test.each([1, 100_000, 4_999_999])('after %i bytes is truncated for the client', async (afterBytes) => {
    product.upstreams.store.fault({ kind: 'cut', afterBytes });
    const response = await (await openDownload(product, name)).receive();
    expect(response).toMatchObject({ status: 200, ended: 'truncated' });
    expect(response.headers['content-length']).toBe(String(size));
    expect(response.bytes).toBeLessThanOrEqual(afterBytes);
    await untilOpen(product, 0);
  });

  test('before its first byte fails', async () => {
    product.upstreams.store.fault({ kind: 'cut', afterBytes: 0 });
    await expect(fetch(fileUrl(product, name)).then((response) => response.arrayBuffer())).rejects.toThrow();
  });

  test('does not affect the next download', async () => {
    const response = await (await openDownload(product, name)).receive();
    expect(response).toMatchObject({ bytes: size, sha256: patternSha256(size), ended: 'complete' });
  });
});

describe('a body that does not match its head', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n';

  /** Starts a product whose upstream sends these bytes and closes the connection. */
  async function productWithResponse(bytes: string): Promise<Product> {
    const { url } = await startRawServer((socket) => socket.end(bytes));
    const served = await startProduct({ FIXTURE_STORE_URL: url });
    onTestFinished(() => served.close());
    return served;
  }

  test('chunked without a last chunk is truncated for the client too', async () => {
    const served = await productWithResponse(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    const request = 'GET /api/raw/store/files/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    const { responses, ended } = await sendBytes(served.baseUrl, request);
    expect(ended).toBe('closed');
    expect(responses[0]?.headers.get('content-length')).toBeNull();
    expect(responses[0]?.text).toBe('hello');
    const again = await (await openDownload(served, 'x')).receive();
    expect(again).toMatchObject({ bytes: 5, ended: 'truncated' });
  });

  test('shorter than its content length is truncated for the client too', async () => {
    const served = await productWithResponse(`${head}content-length: 10\r\n\r\nhello`);
    const response = await (await openDownload(served, 'x')).receive();
    expect(response).toMatchObject({ bytes: 5, ended: 'truncated' });
  });
});

describe('a client disconnect ends the upstream transfer within a second', () => {
  test('while the client reads', async () => {
    const { incoming, abort } = await openDownload(product, 'synthetic-2147483648.bin');
    await once(incoming, 'readable');
    expect(product.upstreams.store.open).toBe(1);
    abort();
    await untilOpen(product, 0);
    expect(product.upstreams.store.transfers.at(-1)).toMatchObject({ complete: false });
  });

  test('while the client does not read', async () => {
    const { abort } = await openDownload(product, 'synthetic-2147483648.bin');
    expect(product.upstreams.store.open).toBe(1);
    abort();
    await untilOpen(product, 0);
  });

  test('while the upstream sends nothing', async () => {
    product.upstreams.store.fault({ kind: 'stall', afterBytes: 1000 });
    const { incoming, abort } = await openDownload(product, name);
    await once(incoming, 'readable');
    abort();
    await untilOpen(product, 0);
  });

  test('before the head of the response', async () => {
    product.upstreams.store.fault({ kind: 'hang' });
    const { requests } = product.upstreams.store;
    requests.length = 0;
    const controller = new AbortController();
    const response = fetch(fileUrl(product, name), { signal: controller.signal });
    await expect.poll(() => requests.length).toBe(1);
    controller.abort();
    await expect(response).rejects.toThrow();
    // The next download succeeds.
    product.upstreams.store.fault(undefined);
    expect((await fetch(fileUrl(product, 'synthetic-10.bin'))).status).toBe(200);
  });

  test('for many downloads at once', async () => {
    const downloads = await Promise.all(
      Array.from({ length: 12 }, (_, client) =>
        openDownload(product, 'synthetic-2147483648.bin', { 'x-forwarded-for': `192.0.2.${client}` }),
      ),
    );
    expect(product.upstreams.store.open).toBe(12);
    for (const { abort } of downloads) abort();
    await untilOpen(product, 0);
  });
});
