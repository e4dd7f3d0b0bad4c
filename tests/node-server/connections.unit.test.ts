import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type DropReason, limitConnections, maxConnections } from '#server/node-server/connections.ts';
import { createLogger } from '#server/observability/log.ts';

const { connections, reservedFiles } = limits.nodeServer;

test.each([
  [64, 16],
  [1_024, 1_024 - reservedFiles],
  [1_000_000, connections],
  [Number.POSITIVE_INFINITY, connections],
])('of %d open files, %d may be connections', (openFiles, expected) => {
  expect(maxConnections(openFiles)).toBe(expected);
});

test('an error of the system call does not end the process, and is counted and logged once', async () => {
  const server = createServer((_, response) => response.end('still here'));
  onTestFinished(() => void server.close());
  const dropped: DropReason[] = [];
  const lines: string[] = [];
  limitConnections(server, {
    trustedHops: 0,
    log: createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line) } }),
    metrics: { connectionDropped: (reason) => void dropped.push(reason) },
  });
  await once(server.listen(0), 'listening');
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (let n = 0; n < 3; n += 1) server.emit('error', error);
  expect(dropped).toEqual(['accept', 'accept', 'accept']);
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { msg: 'connections dropped', reason: 'accept', dropped: 1, err: { message: 'accept EMFILE' } },
  ]);

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const socket = connect(address.port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  expect(String(await socket.toArray())).toContain('still here');
});
