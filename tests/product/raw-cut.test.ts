import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { patternSha256 } from '#tests/support/upstreams/index.ts';
import { startRawServer } from '#tests/upstream-client/raw-server.ts';
import { fileUrl, openDownload, untilOpen } from './raw-client.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());
afterEach(() => product.upstreams.files.fault(undefined));

const size = 5_000_000;
const name = `synthetic-${size}.bin`;

describe('a download that the upstream cuts off', () => {
  test.each([1, 100_000, 4_999_999])('after %i bytes is no whole one', async (afterBytes) => {
    product.upstreams.files.fault({ kind: 'cut', afterBytes });
    const answer = await (await openDownload(product, name)).receive();
    expect(answer).toMatchObject({ status: 200, ended: 'cut' });
    expect(answer.headers['content-length']).toBe(String(size));
    expect(answer.bytes).toBeLessThanOrEqual(afterBytes);
    await untilOpen(product, 0);
  });

  test('before its first byte fails, whichever way', async () => {
    product.upstreams.files.fault({ kind: 'cut', afterBytes: 0 });
    await expect(fetch(fileUrl(product, name)).then((response) => response.arrayBuffer())).rejects.toThrow();
  });

  test('and the next one comes whole', async () => {
    const answer = await (await openDownload(product, name)).receive();
    expect(answer).toMatchObject({ bytes: size, sha256: patternSha256(size), ended: 'whole' });
  });
});

describe('a body that is not as its head says', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n';

  /** The product before an upstream that sends these bytes and ends the connection. */
  async function productBefore(bytes: string): Promise<Product> {
    const { url } = await startRawServer((socket) => socket.end(bytes));
    const served = await startProduct({ FILES_URL: url });
    onTestFinished(() => served.close());
    return served;
  }

  test('cut off in the middle of chunks: the last chunk never comes', async () => {
    const served = await productBefore(`${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`);
    const request = 'GET /api/raw/files/files/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    const { answers, ended } = await sendBytes(served.baseUrl, request);
    expect(ended).toBe('closed');
    expect(answers[0]?.headers.get('content-length')).toBeNull();
    expect(answers[0]?.text).toBe('hello');
    const again = await (await openDownload(served, 'x')).receive();
    expect(again).toMatchObject({ bytes: 5, ended: 'cut' });
  });

  test('shorter than announced', async () => {
    const served = await productBefore(`${head}content-length: 10\r\n\r\nhello`);
    const answer = await (await openDownload(served, 'x')).receive();
    expect(answer).toMatchObject({ bytes: 5, ended: 'cut' });
  });
});

describe('a client that leaves ends the work of the upstream within a second', () => {
  test('while it reads', async () => {
    const { incoming, leave } = await openDownload(product, 'synthetic-2147483648.bin');
    await once(incoming, 'readable');
    expect(product.upstreams.files.open).toBe(1);
    leave();
    await untilOpen(product, 0);
    expect(product.upstreams.files.transfers.at(-1)).toMatchObject({ complete: false });
  });

  test('while it reads nothing', async () => {
    const { leave } = await openDownload(product, 'synthetic-2147483648.bin');
    expect(product.upstreams.files.open).toBe(1);
    leave();
    await untilOpen(product, 0);
  });

  test('while the upstream sends nothing', async () => {
    product.upstreams.files.fault({ kind: 'stall', afterBytes: 1000 });
    const { incoming, leave } = await openDownload(product, name);
    await once(incoming, 'readable');
    leave();
    await untilOpen(product, 0);
  });

  test('before the head of the answer', async () => {
    product.upstreams.files.fault({ kind: 'hang' });
    const { requests } = product.upstreams.files;
    requests.length = 0;
    const left = new AbortController();
    const answer = fetch(fileUrl(product, name), { signal: left.signal });
    await expect.poll(() => requests.length).toBe(1);
    left.abort();
    await expect(answer).rejects.toThrow();
    // Nothing of ours stands in the way of the next one.
    product.upstreams.files.fault(undefined);
    expect((await fetch(fileUrl(product, 'synthetic-10.bin'))).status).toBe(200);
  });

  test('all of many at once', async () => {
    const downloads = await Promise.all(
      Array.from({ length: 12 }, () => openDownload(product, 'synthetic-2147483648.bin')),
    );
    expect(product.upstreams.files.open).toBe(12);
    for (const { leave } of downloads) leave();
    await untilOpen(product, 0);
  });
});
