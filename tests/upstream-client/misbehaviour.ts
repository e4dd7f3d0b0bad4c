import { gzipSync } from 'node:zlib';
import { answering, json, type Script, wire } from './raw-server.ts';

/** A word of the upstream's that must not come out of the engine. */
export const secret = 'open-sesame';
/** JSON of another schema than `oneEndpointAt` declares. */
export const words = JSON.stringify({ ok: secret });

/** An answer that has the word everywhere: status line, headers, body. */
export function telling(
  code: number,
  headers: Record<string, string> = {},
  body: string | Uint8Array = words,
): Script {
  return answering(`${code} ${secret}`, { ...json, 'x-note': secret, ...headers }, body);
}

/** An answer after which the connection is closed. */
export function endingWith(headers: Record<string, string>, body: string): Script {
  return (socket) => socket.end(wire('200 OK', { ...json, ...headers }, body));
}

const unfinished = (length: number) => wire('200 OK', { ...json, 'content-length': String(length) }, words);

export const resetInBody: Script = (socket) =>
  socket.write(unfinished(1_000), () => socket.resetAndDestroy());

/** Each byte comes in time, the whole never. */
export const drip: Script = (socket) => {
  socket.write(unfinished(100_000));
  const timer = setInterval(() => socket.write(' '), 50);
  socket.on('close', () => clearInterval(timer));
};

export const endlessHeaders: Script = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  const pump = () => {
    while (!socket.destroyed && socket.write(`x-note: ${secret.repeat(50)}\r\n`));
  };
  socket.on('drain', pump);
  pump();
};

const packed = gzipSync(Buffer.alloc(16 * 1024 * 1024));

/** 16 MB of zeros so many times: gzip streams in a row are one. */
export function gzipBomb(times: number): Script {
  const body = Buffer.concat(Array.from({ length: times }, () => packed));
  return telling(200, { 'content-encoding': 'gzip' }, body);
}
