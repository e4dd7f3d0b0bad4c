import { gzipSync } from 'node:zlib';
import { json, respondWith, type Script, wire } from './raw-server.ts';

/** A word in the upstream's responses that must not appear in failures. */
export const secret = 'open-sesame';
/** JSON that does not match the schema of `oneEndpointAt`. */
export const words = JSON.stringify({ ok: secret });

/** Responds with the secret in the status line, a header and the body. */
export function respondWithSecret(
  code: number,
  headers: Record<string, string> = {},
  body: string | Uint8Array = words,
): Script {
  return respondWith(`${code} ${secret}`, { ...json, 'x-note': secret, ...headers }, body);
}

/** Responds and closes the connection. */
export function respondAndClose(headers: Record<string, string>, body: string): Script {
  return (socket) => socket.end(wire('200 OK', { ...json, ...headers }, body));
}

const unfinished = (length: number) => wire('200 OK', { ...json, 'content-length': String(length) }, words);

export const resetInBody: Script = (socket) =>
  socket.write(unfinished(1_000), () => socket.resetAndDestroy());

/** Sends the body byte by byte and never completes it. */
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

/** 16 MB of zeros, `times` times: concatenated gzip members form one stream. */
export function gzipBomb(times: number): Script {
  const body = Buffer.concat(Array.from({ length: times }, () => packed));
  return respondWithSecret(200, { 'content-encoding': 'gzip' }, body);
}
