import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { readError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { eventOf } from './support/log.ts';
import { parseResponses } from './support/raw-socket.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

const timeout = limits.bodyDeadline + 15_000;

/** Sends a request head and then `byte` twice a second until the server closes the connection. */
function drip(head: string, byte: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    const sending = setInterval(() => socket.write(byte), 500);
    const giveUp = setTimeout(() => reject(new Error('the connection was never closed')), timeout);
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(sending);
      clearTimeout(giveUp);
      resolve(Buffer.concat(chunks));
    });
    socket.write(head);
  });
}

describe.concurrent('a body that arrives too slowly gets a 408 and the connection is closed', () => {
  test.each([
    {
      title: 'JSON with a length',
      type: 'application/json',
      path: 'fixture.body',
      framing: 'content-length: 60000',
      byte: '1',
    },
    {
      title: 'JSON in chunks',
      type: 'application/json',
      path: 'fixture.body',
      framing: 'transfer-encoding: chunked',
      byte: '1\r\n1\r\n',
    },
    {
      title: 'a form',
      type: 'multipart/form-data; boundary=b',
      path: 'email.send',
      framing: 'content-length: 60000',
      byte: '-',
    },
    {
      title: 'nothing after the head',
      type: 'application/json',
      path: 'fixture.body',
      framing: 'content-length: 60000',
      byte: '',
    },
  ])('$title', { timeout: timeout + 10_000 }, async ({ type, path, framing, byte }) => {
    const head = `POST /api/trpc/${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n${framing}\r\n\r\n`;
    const [response] = parseResponses(await drip(head, byte));
    expect(response?.status).toBe(408);
    expect(response?.headers.get('connection')).toBe('close');
    const { data } = readError(JSON.parse(response?.text ?? ''));
    expect(data).toMatchObject({ reason: 'request_timeout', code: 'TIMEOUT', path });
    expect(await eventOf(product, data.requestId)).toMatchObject({ level: 'warn', status: 408 });
  });
});
