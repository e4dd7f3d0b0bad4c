import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { expectError } from '#tests/support/call.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import type { SharedProduct } from '#tests/support/shared.ts';
import { patternAt, patternSha256 } from '#tests/support/upstreams/index.ts';
import { withFileStore } from './raw-client.ts';

let product: SharedProduct;
withFileStore((started) => {
  product = started;
});

const path = '/api/raw/store/files/';
const bytes = { 'content-type': 'application/octet-stream' };
const authorization = `authorization: ${proxyAuthorization.authorization}\r\n`;

function put(
  name: string,
  body: Buffer | ReadableStream<Uint8Array>,
  headers: Record<string, string> = bytes,
) {
  return fetch(`${product.baseUrl}${path}${name}`, {
    method: 'PUT',
    headers: { ...proxyAuthorization, ...headers },
    body: body instanceof ReadableStream ? body : new Uint8Array(body),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
}

const stored = z.object({ name: z.string(), bytes: z.int(), sha256: z.string() });

test('an upload arrives completely, with its content length', async () => {
  const response = await put('complete.bin', patternAt(0, 3_000_000));
  expect(response.status).toBe(201);
  expect(stored.parse(await response.json())).toEqual({
    name: 'complete.bin',
    bytes: 3_000_000,
    sha256: patternSha256(3_000_000),
  });
  const [seen] = product.upstreams.store.requests.slice(-1);
  expect(seen?.headers).toMatchObject({ 'content-length': '3000000', ...bytes });
  const download = await fetch(`${product.baseUrl}${path}complete.bin`);
  expect(Buffer.from(await download.arrayBuffer()).equals(patternAt(0, 3_000_000))).toBe(true);
});

test('a chunked upload arrives completely', async () => {
  const piece = patternAt(0, 65_536);
  let pieces = 20;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pieces-- > 0) controller.enqueue(new Uint8Array(piece));
      else controller.close();
    },
  });
  const response = await put('chunked.bin', body);
  expect(stored.parse(await response.json())).toMatchObject({
    bytes: 20 * 65_536,
    sha256: patternSha256(20 * 65_536),
  });
});

test.each([
  ['an upload with an invalid type', { 'content-type': 'text' }, 'unsupported_media_type'],
  ['a form', { 'content-type': 'multipart/form-data; boundary=b' }, 'unsupported_media_type'],
  ['a compressed upload', { ...bytes, 'content-encoding': 'gzip' }, 'unsupported_media_type'],
  ['an upload with the Origin of another site', { ...bytes, origin: 'https://evil.example' }, 'cross_origin'],
  ['an upload with Sec-Fetch-Site: cross-site', { ...bytes, 'sec-fetch-site': 'cross-site' }, 'cross_origin'],
] as const)(
  '%s is rejected, and the error response arrives even if the body is large',
  async (_, headers, reason) => {
    const before = product.upstreams.store.requests.length;
    const response = await put('rejected.bin', Buffer.alloc(8_000_000), { ...headers });
    await expectError(response, { reason });
    expect(product.upstreams.store.requests).toHaveLength(before);
  },
);

test('an upload whose content length is too large is rejected before its body is sent', async () => {
  const status = await new Promise((resolve, reject) => {
    const outgoing = request(
      `${product.baseUrl}${path}huge.bin`,
      {
        method: 'PUT',
        agent: false,
        headers: { ...proxyAuthorization, ...bytes, 'content-length': String(3 * 2 ** 30) },
      },
      (response) => {
        resolve(response.statusCode);
        outgoing.destroy();
      },
    );
    outgoing.on('error', reject);
    outgoing.flushHeaders();
  });
  expect(status).toBe(413);
});

test('an upstream failure is reported without text of the upstream', async () => {
  const { store } = product.upstreams;
  store.fault({ kind: 'status', status: 500, body: '{"secret":"disk full on db-7"}' });
  const { text } = await expectError(await put('x.bin', patternAt(0, 500_000)), {
    reason: 'upstream_bad_answer',
  });
  expect(text).not.toContain('db-7');
});

test('a client disconnect aborts the upload and stores nothing', async () => {
  const { store } = product.upstreams;
  const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `PUT ${path}left.bin HTTP/1.1\r\nhost: localhost\r\n${authorization}content-type: application/octet-stream\r\ncontent-length: 1000000\r\n\r\n`,
  );
  socket.write(Buffer.alloc(100_000));
  await expect.poll(() => store.open).toBe(1);
  socket.destroy();
  await expect.poll(() => store.open, { timeout: 1_000, interval: 20 }).toBe(0);
  expect((await fetch(`${product.baseUrl}${path}left.bin`)).status).toBe(404);
});
