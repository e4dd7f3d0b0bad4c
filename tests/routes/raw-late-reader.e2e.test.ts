import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseResponses, sendBytes, type WireResponse } from '#tests/http/support/raw-socket.ts';
import { readError } from '#tests/support/call.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import type { SharedProduct } from '#tests/support/shared.ts';
import { withFileStore } from './raw-client.ts';

let product: SharedProduct;
withFileStore((started) => {
  product = started;
});

const mebibyte = 2 ** 20;
const octets = 'content-type: application/octet-stream';

function head(bytes: number, ...headers: string[]): string {
  const lines = [
    'PUT /api/raw/store/files/x.bin HTTP/1.1',
    'host: localhost',
    `authorization: ${proxyAuthorization.authorization}`,
    `content-length: ${bytes}`,
  ];
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n`;
}

/** Sends everything before it reads, as simple clients do. */
async function sendAllThenRead(bytes: number, headers: string[]): Promise<WireResponse | undefined> {
  const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.pause();
  // After a reset the response is missing, which the assertions below detect.
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  const ended = once(socket, 'close');
  socket.write(head(bytes, 'connection: close', ...headers));
  socket.write(Buffer.alloc(bytes), () => socket.resume());
  await ended;
  return parseResponses(Buffer.concat(chunks))[0];
}

const rejected = [
  {
    title: 'of an unsupported type',
    headers: ['content-type: text'],
    reason: 'unsupported_media_type',
  },
  {
    title: 'from another site',
    headers: [octets, 'origin: https://evil.example'],
    reason: 'cross_origin',
  },
  { title: 'that the upstream rejects', headers: [octets], reason: 'upstream_refused' },
];

describe.each(rejected)('an upload $title', ({ headers, reason }) => {
  test.each([1, 8, 50])(
    'of %i MiB gets an error response even if the client sends everything first',
    async (size) => {
      if (reason === 'upstream_refused') product.upstreams.store.fault({ kind: 'status', status: 403 });
      for (let round = 0; round < 3; round += 1) {
        const response = await sendAllThenRead(size * mebibyte, headers);
        expect(response, 'the connection closed without a response').toBeDefined();
        expect(readError(JSON.parse(response?.text ?? '')).data.reason).toBe(reason);
      }
    },
  );
});

test('the rest of a rejected upload is drained before the next request on the connection', async () => {
  const next = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
  const bytes = 200_000;
  const { responses } = await sendBytes(
    product.baseUrl,
    `${head(bytes, 'content-type: text')}${'y'.repeat(bytes)}${next}`,
  );
  expect(responses.map(({ status }) => status)).toEqual([415, 200]);
});
