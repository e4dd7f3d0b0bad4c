import { expect, test } from 'vitest';
import { json, type Script, wire } from './raw-server.ts';
import { reasonFor } from './support.ts';

/** Sends a first part, then one more byte every 200 ms until the connection closes. */
function drip(first: Buffer | string, byte: string): Script {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(byte), 200);
    socket.on('close', () => clearInterval(timer));
  };
}

const gzip = { ...json, 'content-encoding': 'gzip', 'content-length': '100000' };
/** Head of a gzip member with a file name that never ends. */
const gzipHead = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);

const never: Record<string, Script> = {
  'sends nothing': () => undefined,
  'hangs after the headers': (socket) => socket.write(wire('200 OK', { ...json, 'content-length': '11' })),
  'drips its headers': drip('HTTP/1.1 200 OK\r\nx-slow: ', 'x'),
  'drips its body': drip(wire('200 OK', { ...json, 'content-length': '100000' }), ' '),
  'drips compressed bytes': drip(Buffer.concat([wire('200 OK', gzip), gzipHead]), 'n'),
};

// One test for all, because each of them takes the whole deadline.
test('one deadline ends every response that never completes', async () => {
  const reasons = await Promise.all(
    Object.entries(never).map(async ([name, script]) => [name, await reasonFor(script)] as const),
  );
  expect(reasons).toEqual(Object.keys(never).map((name) => [name, 'upstream_timeout']));
});
