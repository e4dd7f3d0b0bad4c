import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { readEnvelope } from '#tests/product/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { parseAnswers } from '../http/support/raw-socket.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

const head = (type: string, bytes: number) =>
  `POST /api/trpc/echo.body HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${bytes}\r\n\r\n`;

async function open(): Promise<{ socket: Socket; read: () => Buffer; closed: Promise<unknown> }> {
  const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  // Cut by the server while something is being sent.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, read: () => Buffer.concat(chunks), closed };
}

const refusals = [
  { title: 'too large', type: 'application/json', status: 413, reason: 'payload_too_large' },
  { title: 'of the wrong type', type: 'text/plain', status: 415, reason: 'unsupported_media_type' },
];

describe.concurrent.each(refusals)('a body that is $title', ({ type, status, reason }) => {
  test('is thrown away up to its announced end, and the next request is answered on its connection', async () => {
    const { socket, read } = await open();
    socket.write(head(type, limits.nodeServer.drainBytes));
    await expect.poll(() => parseAnswers(read())).toHaveLength(1);
    socket.write(Buffer.alloc(limits.nodeServer.drainBytes, '1'));
    socket.write('GET /api/trpc/echo.request HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await expect.poll(() => parseAnswers(read()).map((answer) => answer.status)).toEqual([status, 200]);
    const [refused] = parseAnswers(read());
    expect(readEnvelope(JSON.parse(refused?.text ?? '')).data.reason).toBe(reason);
    expect(refused?.headers.get('connection')).not.toBe('close');
    socket.destroy();
  });

  test.each([
    { when: 'the rest does not come', bytes: limits.nodeServer.drainBytes },
    { when: 'it is larger', bytes: limits.nodeServer.drainBytes + 1 },
  ])('loses its connection when $when', async ({ bytes }) => {
    const { socket, read, closed } = await open();
    socket.write(head(type, bytes));
    const dripping = setInterval(() => socket.write('1'), 200);
    const patience = delay(limits.nodeServer.lingerTime * 3, 'open');
    expect(await Promise.race([closed.then(() => 'closed'), patience])).toBe('closed');
    clearInterval(dripping);
    expect(parseAnswers(read()).map((answer) => answer.status)).toEqual([status]);
  });
});
