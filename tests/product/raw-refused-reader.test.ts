import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseAnswers, sendBytes, type WireAnswer } from '#tests/http/support/raw-socket.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { readEnvelope } from './call.ts';

let product: Product;
beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.close());
afterEach(() => product.upstreams.files.fault(undefined));

const mebibyte = 2 ** 20;
const octets = 'content-type: application/octet-stream';

function head(bytes: number, ...headers: string[]): string {
  const lines = ['PUT /api/raw/files/files/x.bin HTTP/1.1', 'host: localhost', `content-length: ${bytes}`];
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n`;
}

/** As simple clients do it: nothing is read before everything is sent. */
async function sendAllThenRead(bytes: number, headers: string[]): Promise<WireAnswer | undefined> {
  const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.pause();
  // What a server resets is told by the answer that is missing.
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  const ended = once(socket, 'close');
  socket.write(head(bytes, 'connection: close', ...headers));
  socket.write(Buffer.alloc(bytes), () => socket.resume());
  await ended;
  return parseAnswers(Buffer.concat(chunks))[0];
}

const refused = [
  {
    title: 'of a type that is not taken',
    headers: ['content-type: text/plain'],
    reason: 'unsupported_media_type',
  },
  {
    title: "of another site's page",
    headers: [octets, 'origin: https://evil.example'],
    reason: 'cross_origin',
  },
  { title: 'that the upstream refuses', headers: [octets], reason: 'upstream_refused' },
];

describe.each(refused)('an upload $title', ({ headers, reason }) => {
  test.each([1, 8, 50])(
    'of %i MiB: its sender reads why, even if it sends everything first',
    async (size) => {
      if (reason === 'upstream_refused') product.upstreams.files.fault({ kind: 'status', status: 403 });
      for (let times = 0; times < 3; times += 1) {
        const answer = await sendAllThenRead(size * mebibyte, headers);
        expect(answer, 'the connection ended without an answer').toBeDefined();
        expect(readEnvelope(JSON.parse(answer?.text ?? '')).data.reason).toBe(reason);
      }
    },
  );
});

test('what is left of a refused upload never stands before the next request on the connection', async () => {
  const next = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
  const bytes = 200_000;
  const { answers } = await sendBytes(
    product.baseUrl,
    `${head(bytes, 'content-type: text/plain')}${'y'.repeat(bytes)}${next}`,
  );
  expect(answers.map(({ status }) => status)).toEqual([415, 200]);
});
