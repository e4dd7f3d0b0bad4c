import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Handles a connection once the head of a request has been read. */
export type Script = (socket: Socket, head: string) => void;

/**
 * Starts a real TCP server on loopback that sends whatever the script writes, HTTP or not. It is closed after the
 * running test.
 *
 * @returns its base URL and the heads of all received requests
 */
export async function startRawServer(script: Script): Promise<{ url: string; heads: string[] }> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // In many of these tests the client closes the connection on purpose.
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

/** Returns the bytes of a complete response. Sets Content-Length unless the headers define the length. */
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

/** Responds to every request with the same bytes. */
export function respondWith(
  status: string,
  headers: Record<string, string>,
  body: string | Uint8Array = '',
): Script {
  return (socket) => socket.write(wire(status, headers, body));
}

/** Handles each request with the next script. The last script is repeated. */
export function inSequence(...scripts: Script[]): Script {
  let next = 0;
  return (socket, head) => {
    scripts[Math.min(next, scripts.length - 1)]?.(socket, head);
    next += 1;
  };
}

export const json = { 'content-type': 'application/json' };
export const ok = '{"ok":true}';
/** Sends the response that the JSON endpoints of `upstreamAt` expect. */
export const respondOk: Script = respondWith('200 OK', json, ok);
