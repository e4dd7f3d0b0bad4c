import { connect } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { NodeServer } from '#server/node-server/server.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';

withServices();

afterEach(() => {
  vi.useRealTimers();
  lifecycle.draining = false;
  lifecycle.handingOver = false;
});

const polling = { timeout: 20_000, interval: 10 };

/** More than the buffers of a connection hold. */
const page = Buffer.alloc(40_000_000, 'x');

test.each<keyof NodeServer>(['stop', 'handOver'])(
  '%s: a slow reader still receives the whole response',
  async (method) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const responded = Promise.withResolvers<void>();
    const { server, url } = await startTestServer(async (_, response) => {
      response.writeHead(200, { 'content-length': page.length });
      response.end(page);
      responded.resolve();
    });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () =>
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'),
    );
    socket.pause();
    await responded.promise;
    const stopped = server[method]();
    // By then, a handover has closed the connections that it takes for idle.
    vi.advanceTimersByTime(limits.cluster.idleGrace);
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part)).resume();
    await expect
      .poll(() => {
        vi.advanceTimersByTime(limits.cluster.idleGrace);
        return socket.closed;
      }, polling)
      .toBe(true);
    await stopped;
    const response = Buffer.concat(parts);
    expect(response.length - response.indexOf('\r\n\r\n') - 4).toBe(page.length);
  },
);
