import { connect } from 'node:net';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { openDownload } from './raw-client.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});
afterAll(() => product.upstreams.store.fault(undefined));

describe.concurrent('a stream that stalls', () => {
  test('is aborted if the upstream stalls', { timeout: 40_000 }, async ({ expect }) => {
    // Uploads do not have this fault.
    product.upstreams.store.fault({ kind: 'stall', afterBytes: 100_000 });
    const { bytes, ended } = await (await openDownload(product, 'synthetic-10000000.bin')).receive();
    expect(bytes).toBeLessThanOrEqual(100_000);
    expect(ended).toBe('truncated');
  });

  test('gets a 408 if the client stops sending', { timeout: 40_000 }, async ({ expect }) => {
    const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    let response = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      response += chunk.toString();
    });
    socket.write(
      `PUT /api/raw/store/files/stalled.bin HTTP/1.1\r\nhost: localhost\r\nauthorization: ${proxyAuthorization.authorization}\r\ncontent-type: application/octet-stream\r\ncontent-length: 1000000\r\n\r\nabc`,
    );
    const timeout = 30_000;
    await vi.waitFor(() => expect(response).toMatch(/^HTTP\/1\.1 408 .*request_timeout/s), { timeout });
    socket.destroy();
    const aborted = expect.objectContaining({ url: '/files/stalled.bin', complete: false });
    await vi.waitFor(() => expect(product.upstreams.store.transfers).toContainEqual(aborted));
  });
});
