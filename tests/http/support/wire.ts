import type { Sent } from './sent.ts';

const crlf = '\r\n';

/** A request as bytes, with the body's right length unless its headers say another. */
export function toWire({ method, path, query, headers, body }: Sent): Buffer {
  const named = new Set(headers.map(([name]) => name));
  const lines = [
    `${method} ${path}${query} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(named.has('content-length') || named.has('transfer-encoding')
      ? []
      : [`content-length: ${body?.byteLength ?? 0}`]),
  ];
  return Buffer.concat([
    Buffer.from(`${lines.join(crlf)}${crlf}${crlf}`, 'latin1'),
    ...(body === undefined ? [] : [Buffer.from(body)]),
  ]);
}
