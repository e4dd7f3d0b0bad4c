import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { parseResponses } from '#tests/http/support/raw-socket.ts';
import { readError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

const head = (type: string, bytes: number) =>
  `POST /api/trpc/fixture.body HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${bytes}\r\n\r\n`;

async function open(): Promise<{ socket: Socket; read: () => Buffer; closed: Promise<unknown> }> {
  const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  // The server may reset the connection while bytes are being sent.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, read: () => Buffer.concat(chunks), closed };
}

const rejectedBodies = [
  { title: 'too large', type: 'application/json', status: 413, reason: 'payload_too_large' },
  { title: 'of the wrong type', type: 'text/plain', status: 415, reason: 'unsupported_media_type' },
];

describe.concurrent.each(rejectedBodies)('a body that is $title', ({ type, status, reason }) => {
  test('is drained up to its content length, and the connection serves the next request', async () => {
    const { socket, read } = await open();
    socket.write(head(type, limits.nodeServer.drainBytes));
    await expect.poll(() => parseResponses(read())).toHaveLength(1);
    socket.write(Buffer.alloc(limits.nodeServer.drainBytes, '1'));
    socket.write('GET /api/trpc/fixture.request HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await expect.poll(() => parseResponses(read()).map((response) => response.status)).toEqual([status, 200]);
    const [rejected] = parseResponses(read());
    expect(readError(JSON.parse(rejected?.text ?? '')).data.reason).toBe(reason);
    expect(rejected?.headers.get('connection')).not.toBe('close');
    socket.destroy();
  });

  test.each([
    { when: 'the rest of it does not arrive', bytes: limits.nodeServer.drainBytes },
    { when: 'it exceeds the drain limit', bytes: limits.nodeServer.drainBytes + 1 },
  ])('closes the connection when $when', async ({ bytes }) => {
    const { socket, read, closed } = await open();
    socket.write(head(type, bytes));
    const dripping = setInterval(() => socket.write('1'), 200);
    const timeout = delay(limits.nodeServer.lingerTime * 3, 'open');
    expect(await Promise.race([closed.then(() => 'closed'), timeout])).toBe('closed');
    clearInterval(dripping);
    expect(parseResponses(read()).map((response) => response.status)).toEqual([status]);
  });
});
