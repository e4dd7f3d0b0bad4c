import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { startProduct } from '#tests/support/product.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

const connectRequest = 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n';

/** Sends bytes on a connection whose own side stays open. */
async function send(bytes: string): Promise<{ socket: Socket; received(): string }> {
  const socket = connect({
    port: Number(new URL(product.baseUrl).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'connect');
  socket.write(bytes);
  return { socket, received: () => text };
}

test.concurrent('CONNECT gets a 405, and the connection ends although the client keeps its side open', async () => {
  const { socket, received } = await send(connectRequest);
  await once(socket, 'end');
  expect(received()).toMatch(/^HTTP\/1\.1 405 /);
  // A write to a connection that the server has left is answered with a reset.
  const writing = setInterval(() => socket.write('x'), 100);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(writing);
}, 30_000);

test.concurrent('CONNECT behind a request without a response closes the connection', async () => {
  const slow = 'GET /api/raw/store/files/slow HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const { socket, received } = await send(`${slow}${connectRequest}`);
  await once(socket, 'end');
  expect(received()).not.toContain('405');
  socket.destroy();
});

test.concurrent('connections that CONNECT left open do not delay the shutdown', async () => {
  const own = await startProduct();
  const sockets = Array.from({ length: 8 }, () => {
    const socket = connect({
      port: Number(new URL(own.baseUrl).port),
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    socket.on('error', () => undefined);
    socket.write(connectRequest);
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket.resume(), 'end')));
  own.process.kill('SIGTERM');
  await once(own.process, 'exit');
  expect(own.process.exitCode).toBe(0);
  for (const socket of sockets) socket.destroy();
  await own.close();
}, 60_000);
