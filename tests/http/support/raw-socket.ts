import { connect } from 'node:net';

/** The responses read from a connection, and how the connection ended. */
export type Exchange = {
  responses: WireResponse[];
  /** `closed` by the server, `left` by the client after the expected responses, or `hung` until its timeout. */
  ended: 'closed' | 'left' | 'hung';
};

export type WireResponse = { status: number; headers: Headers; text: string };

export type SendOptions = {
  /** Milliseconds after which an open connection counts as hung. */
  timeout?: number;
  /** Closes the connection once the heads of this many responses have arrived. */
  until?: number;
  /** Ends the sending side (FIN) after the bytes. */
  halfClose?: boolean;
  /** The request method: a response to HEAD has no body. */
  method?: string;
};

/** Sends bytes unchanged and reads until the server closes the connection. */
export function sendBytes(
  baseUrl: string,
  bytes: Uint8Array | string,
  { timeout = 20_000, until = Infinity, halfClose = false, method = 'GET' }: SendOptions = {},
): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    const received = () => parseResponses(Buffer.concat(chunks), method);
    const finish = (ended: Exchange['ended']) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ responses: received(), ended });
    };
    const timer = setTimeout(() => finish('hung'), timeout);
    socket.on('data', (chunk) => {
      chunks.push(Buffer.from(chunk));
      if (until < Infinity && received().length >= until) finish('left');
    });
    // A server that rejects a request may reset the connection while the rest is being sent.
    socket.on('error', () => undefined);
    socket.on('close', () => finish('closed'));
    socket.write(bytes);
    if (halfClose) socket.end();
  });
}

/** Parses every complete response in the bytes. Interim responses (1xx) are left out. */
export function parseResponses(bytes: Buffer, method = 'GET'): WireResponse[] {
  const responses: WireResponse[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', offset);
    if (headEnd < 0) break;
    const [statusLine = '', ...lines] = bytes.toString('latin1', offset, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    );
    offset = headEnd + 4;
    if (status >= 100 && status < 200) continue;
    const body = method === 'HEAD' ? { text: '', end: offset } : readBody(bytes, offset, headers, status);
    offset = body.end;
    responses.push({ status, headers, text: body.text });
  }
  return responses;
}

function readBody(
  bytes: Buffer,
  start: number,
  headers: Headers,
  status: number,
): { text: string; end: number } {
  if (status === 204 || status === 304) return { text: '', end: start };
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes, start);
  const length = headers.get('content-length');
  const end = length === null ? bytes.length : start + Number(length);
  return { text: bytes.toString('utf8', start, end), end };
}

function readChunks(bytes: Buffer, start: number): { text: string; end: number } {
  const parts: Buffer[] = [];
  let offset = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', offset);
    if (lineEnd < 0) return { text: Buffer.concat(parts).toString('utf8'), end: bytes.length };
    const size = Number.parseInt(bytes.toString('latin1', offset, lineEnd), 16);
    offset = lineEnd + 2;
    parts.push(bytes.subarray(offset, offset + size));
    offset += size + 2;
    if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end: offset };
  }
}
