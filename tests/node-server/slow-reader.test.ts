import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { NodeServer } from '#server/node-server/server.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { startFront } from '../http/support/front.ts';
import { withServices } from '../http/support/in-process.ts';

withServices();

afterEach(() => {
  lifecycle.draining = false;
  lifecycle.leaving = false;
});

/** More than a connection holds on its way. */
const page = Buffer.alloc(40_000_000, 'x');

test.each<[keyof NodeServer, number]>([
  ['stop', 0],
  ['handOver', limits.cluster.idleGrace + 1_000],
])('%s: what a slow reader has not taken yet still comes', async (way, pause) => {
  const ended = Promise.withResolvers<void>();
  const { front, url } = await startFront(async (_, response) => {
    response.writeHead(200, { 'content-length': page.length });
    response.end(page);
    ended.resolve();
  });
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
  socket.pause();
  await ended.promise;
  const over = front[way]();
  await delay(pause);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part)).resume();
  await once(socket, 'close');
  await over;
  const answer = Buffer.concat(parts);
  expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(page.length);
});
