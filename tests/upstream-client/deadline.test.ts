import { expect, test } from 'vitest';
import { json, type Script, wire } from './raw-server.ts';
import { reasonFor } from './support.ts';

/** Sends a first part, then one more byte every now and then, for as long as somebody listens. */
function drip(first: Buffer | string, byte: string): Script {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(byte), 200);
    socket.on('close', () => clearInterval(timer));
  };
}

const gzip = { ...json, 'content-encoding': 'gzip', 'content-length': '100000' };
/** The head of a gzip member whose file name never ends. */
const gzipHead = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);

const never: Record<string, Script> = {
  'hangs without a word': () => undefined,
  'hangs after the headers': (socket) => socket.write(wire('200 OK', { ...json, 'content-length': '11' })),
  'drips its headers': drip('HTTP/1.1 200 OK\r\nx-slow: ', 'x'),
  'drips its body: each byte comes in time, the whole never': drip(
    wire('200 OK', { ...json, 'content-length': '100000' }),
    ' ',
  ),
  'drips compressed bytes': drip(Buffer.concat([wire('200 OK', gzip), gzipHead]), 'n'),
};

// Together, because each of them takes the whole deadline.
test('one deadline ends every answer that never comes to its end', async () => {
  const reasons = await Promise.all(
    Object.entries(never).map(async ([name, script]) => [name, await reasonFor(script)] as const),
  );
  expect(reasons).toEqual(Object.keys(never).map((name) => [name, 'upstream_timeout']));
});
