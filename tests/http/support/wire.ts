import type { RequestParts } from './request-parts.ts';

const crlf = '\r\n';

/** Serializes a request. It has the correct content-length unless its headers set one or use chunks. */
export function toWire({ method, path, query, headers, body }: RequestParts): Buffer {
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
