import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, vi } from 'vitest';
import { maxConnections } from '#server/node-server/connections.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';
import { startArguments } from '#tests/support/start-command.ts';

/** Open files that this process needs for other purposes. */
const reserved = 200;

/** The limit of this process, which the product has, too. */
function openFileLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]);
}

testWith('procfs')(
  'the product serves others while one client holds 10,000 idle connections',
  { timeout: 120_000 },
  async () => {
    const product = await startProduct({}, startArguments());
    onTestFinished(() => product.close());
    const port = Number(new URL(product.baseUrl).port);
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const openFiles = openFileLimit();
    const count = Math.min(10_000, openFiles - reserved);
    for (let opened = 0; opened < count; opened += 1) {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' });
      sockets.push(socket.on('error', () => undefined).resume());
      // Less than the queue of connections that the system holds for the product.
      if (opened % 200 === 0) await delay(20);
    }

    // From another address of this machine.
    await resultOf(await post(product, 'fixture.reading', { lat: 1, lng: 2 }));
    for (const path of ['/', '/rss.xml', '/readyz']) {
      expect((await fetch(`${product.baseUrl}${path}`)).status).toBe(200);
    }
    const open = () => sockets.filter(({ closed }) => !closed).length;
    const half = maxConnections(openFiles) / 2;
    await vi.waitFor(() => expect(open()).toBeLessThanOrEqual(half), { timeout: 60_000, interval: 200 });
    expect(product.process.exitCode).toBeNull();
  },
);
