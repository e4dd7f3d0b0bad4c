import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type DropReason, limitConnections, maxConnections } from '#server/node-server/connections.ts';
import { createLogger } from '#server/observability/log.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';

const { connections, reservedFiles, dropReportInterval } = limits.nodeServer;

test.each([
  [64, 16],
  [680, 170],
  [684, 172],
  [1_024, 1_024 - reservedFiles],
  [connections + reservedFiles - 1, connections - 1],
  [connections + reservedFiles, connections],
  [1_000_000, connections],
  [Number.POSITIVE_INFINITY, connections],
])('of %d open files, %d may be connections', (openFiles, expected) => {
  expect(maxConnections(openFiles)).toBe(expected);
});

/** Limits the connections of a server: four with the open files of a test. */
function limitedServer({ trustedHops = 0 } = {}) {
  const server = createServer((_, response) => response.end('still here'));
  onTestFinished(() => void server.close());
  const dropped: DropReason[] = [];
  const lines: unknown[] = [];
  const { isCrowded } = limitConnections(server, {
    trustedHops,
    openFiles: 16,
    log: createLogger({ level: 'warn', destination: { write: (line) => void lines.push(JSON.parse(line)) } }),
    metrics: { connectionDropped: (reason) => void dropped.push(reason) },
  });

  /** Accepts a connection from an address. */
  function accept(address: string): Socket {
    const socket = new Socket();
    vi.spyOn(socket, 'remoteAddress', 'get').mockReturnValue(address);
    server.emit('connection', socket);
    return socket;
  }
  return { server, accept, isCrowded, dropped, lines };
}

test('an error of the system call does not end the process', async () => {
  const { server, dropped, lines } = limitedServer();
  await once(server.listen(0), 'listening');
  server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  expect(dropped).toEqual(['accept']);
  expect(lines).toMatchObject([
    { msg: 'connections dropped', reason: 'accept', dropped: 1, err: { message: 'accept EMFILE' } },
  ]);

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const socket = connect(address.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  expect(String(await socket.toArray())).toContain('still here');
});

describe('dropped connections', () => {
  fakeClocks();

  test('are all counted, but logged once in an interval, with their number', () => {
    const { server, dropped, lines } = limitedServer();
    const fail = () => server.emit('error', new Error('accept EMFILE'));
    for (let n = 0; n < 3; n += 1) fail();
    advance(dropReportInterval - 1);
    fail();
    expect(lines).toMatchObject([{ dropped: 1 }]);
    advance(1);
    fail();
    fail();
    expect(lines).toMatchObject([{ dropped: 1 }, { dropped: 4 }]);
    expect(dropped).toHaveLength(6);
  });
});

describe('of four connections', () => {
  test('a client gets half, and others the rest', () => {
    const { accept, dropped, lines } = limitedServer();
    const first = [accept('192.0.2.1'), accept('192.0.2.1')];
    expect(accept('192.0.2.1').destroyed).toBe(true);
    expect(dropped).toEqual(['client']);
    const others = [accept('192.0.2.2'), accept('192.0.2.3')];
    expect([...first, ...others].some(({ destroyed }) => destroyed)).toBe(false);
    expect(accept('192.0.2.4').destroyed).toBe(true);
    expect(dropped).toEqual(['client', 'total']);
    expect(lines).toMatchObject([{ level: 'warn', reason: 'client', open: 2, limit: 4 }]);
  });

  test('a client behind proxies gets all, because all clients share their address', () => {
    const { accept, dropped } = limitedServer({ trustedHops: 1 });
    for (let n = 0; n < 4; n += 1) expect(accept('192.0.2.1').destroyed).toBe(false);
    expect(accept('192.0.2.1').destroyed).toBe(true);
    expect(dropped).toEqual(['total']);
  });

  test('the addresses of one IPv6 network count as one client', () => {
    const { accept, dropped } = limitedServer();
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3']) accept(address);
    expect(dropped).toEqual(['client']);
  });

  test('a closed one is free again', async () => {
    const { accept, dropped } = limitedServer();
    const first = accept('192.0.2.1');
    accept('192.0.2.1');
    await once(first.destroy(), 'close');
    expect(accept('192.0.2.1').destroyed).toBe(false);
    expect(dropped).toEqual([]);
  });

  test('more than half are a crowd', async () => {
    const { accept, isCrowded } = limitedServer();
    accept('192.0.2.1');
    accept('192.0.2.2');
    expect(isCrowded()).toBe(false);
    const third = accept('192.0.2.3');
    expect(isCrowded()).toBe(true);
    await once(third.destroy(), 'close');
    expect(isCrowded()).toBe(false);
  });
});
