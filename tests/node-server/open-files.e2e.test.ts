import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { maxConnections } from '#server/node-server/connections.ts';
import { logLines } from '#tests/http/support/log.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { describeWith } from '#tests/support/skip.ts';
import { startArguments } from '#tests/support/start-command.ts';

const openFiles = 64;
const limit = maxConnections(openFiles);
const draft = { email: 'ada@visitor.example', contents: 'Hello' };

/** Requests come from an address of the loopback network, which all belong to this machine on Linux. */
type Client = { localAddress: string };
const first: Client = { localAddress: '127.0.0.1' };
const second: Client = { localAddress: '127.0.0.2' };
const third: Client = { localAddress: '127.0.0.3' };

describeWith('procfs')('with ulimit -n 64', () => {
  let product: Product;
  let port: number;
  beforeAll(async () => {
    const launcher = ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`];
    product = await startProduct({}, startArguments(), undefined, launcher);
    port = Number(new URL(product.baseUrl).port);
  });
  afterAll(() => product.close());

  /** Opens connections that send nothing. Resolves once each is accepted or closed. */
  async function openIdle(client: Client, count: number): Promise<Socket[]> {
    const sockets = Array.from({ length: count }, () =>
      connect({ port, host: '127.0.0.1', ...client }).resume(),
    );
    await Promise.all(
      sockets.map((socket) =>
        once(
          socket.on('error', () => undefined),
          'connect',
        ),
      ),
    );
    return sockets;
  }

  /** Returns the status, or undefined if the connection is not accepted. */
  function get(path: string, client: Client): Promise<{ status: number } | undefined> {
    return new Promise((resolve) => {
      const outgoing = request({ port, host: '127.0.0.1', ...client, path, agent: false }, (incoming) => {
        text(incoming).then(
          () => resolve({ status: incoming.statusCode ?? 0 }),
          () => resolve(undefined),
        );
      });
      outgoing.on('error', () => resolve(undefined)).end();
    });
  }

  async function expectEverythingServed(): Promise<void> {
    for (const path of ['/', '/contact', '/status', '/docs/fixture.body', '/rss.xml']) {
      expect(await get(path, first), path).toMatchObject({ status: 200 });
    }
    await resultOf(await post(product, 'fixture.reading', { lat: 1, lng: 2 }));
    await resultOf(await post(product, 'email.send', draft));
  }

  test('everything is served', { timeout: 120_000 }, expectEverythingServed);

  const openOf = (sockets: readonly Socket[]) => sockets.filter(({ closed }) => !closed).length;
  const wait = { timeout: 60_000, interval: 50 };

  test('idle connections of one client leave half of all for others', { timeout: 120_000 }, async () => {
    const sockets = await openIdle(first, 10 * limit);
    await vi.waitFor(() => expect(openOf(sockets)).toBeLessThanOrEqual(limit / 2), wait);
    expect(await get('/healthz', second)).toMatchObject({ status: 200 });
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(await get('/healthz', first)).toMatchObject({ status: 200 }), wait);
  });

  test('a flood of connections is refused, with a log line and a metric', { timeout: 240_000 }, async () => {
    const clients = await Promise.all([first, second, third].map((client) => openIdle(client, 100)));
    const sockets = clients.flat();
    await vi.waitFor(() => expect(openOf(sockets)).toBeLessThanOrEqual(limit), wait);
    // Connections that send no request end by a timeout.
    await vi.waitFor(() => expect(openOf(sockets)).toBe(0), wait);
    await expectEverythingServed();
    const exposed = parsePrometheus(await (await fetch(`${product.baseUrl}/metrics`)).text());
    expect(total(exposed, 'bff_connections_dropped_total', { reason: 'client' })).toBeGreaterThan(100);
    expect(total(exposed, 'bff_connections_dropped_total', { reason: 'total' })).toBeGreaterThan(50);
    const lines = logLines(product).filter(({ msg }) => msg === 'connections dropped');
    expect(lines[0]).toMatchObject({ level: 'warn', reason: 'client', limit });
    // One line in a minute.
    expect(lines.length).toBeLessThan(10);
    expect(product.process.exitCode).toBeNull();
  });
});
