import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a server does with a connection once the head of a request was read; `head` is that head. */
export type Script = (socket: Socket, head: string) => void;

/**
 * A real TCP server on loopback that says whatever the script writes, HTTP or not. Closed with the running test.
 *
 * @returns its base URL, and the heads of all requests it has read
 */
export async function startRawServer(script: Script): Promise<{ url: string; heads: string[] }> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The other side gives up on purpose in many of these tests.
    socket.on('error', () => undefined);
    let read = '';
    socket.on('data', (chunk) => {
      read += chunk.toString('latin1');
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = read.slice(0, end);
      read = '';
      heads.push(head);
      script(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}`, heads };
}

/** A whole answer as it stands on the wire. Content-Length is set unless the headers name a length of their own. */
export function wire(
  status: string,
  headers: Record<string, string>,
  body: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(body);
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const length =
    names.includes('content-length') || names.includes('transfer-encoding')
      ? {}
      : { 'content-length': String(bytes.length) };
  const lines = Object.entries({ ...headers, ...length }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** Answers every request with the same bytes. */
export function answering(
  status: string,
  headers: Record<string, string>,
  body: string | Uint8Array = '',
): Script {
  return (socket) => socket.write(wire(status, headers, body));
}

/** Answers each request by the next script of a list; the last one goes on. */
export function inTurn(...scripts: Script[]): Script {
  let next = 0;
  return (socket, head) => {
    scripts[Math.min(next, scripts.length - 1)]?.(socket, head);
    next += 1;
  };
}

export const json = { 'content-type': 'application/json' };
export const ok = '{"ok":true}';
/** The answer that the JSON endpoints of `upstreamAt` expect. */
export const okay: Script = answering('200 OK', json, ok);
