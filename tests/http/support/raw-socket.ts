import { connect } from 'node:net';

/** What came back on a connection, and how it ended. */
export type Exchange = {
  answers: WireAnswer[];
  /** Of the connection: by the server, or because the client's patience ended. */
  ended: 'closed' | 'hung';
};

export type WireAnswer = { status: number; headers: Headers; text: string };

export type SendOptions = {
  /** Milliseconds until a connection that does not end counts as hung. */
  patience?: number;
  /** Says that nothing more will come after the bytes. */
  halfClose?: boolean;
  /** The method of the request: an answer to HEAD has no body. */
  method?: string;
};

/** Sends bytes as they are and reads until the server ends the connection. */
export function sendBytes(
  baseUrl: string,
  bytes: Uint8Array | string,
  { patience = 20_000, halfClose = false, method = 'GET' }: SendOptions = {},
): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = (ended: Exchange['ended']) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: parseAnswers(Buffer.concat(chunks), method), ended });
    };
    const timer = setTimeout(() => finish('hung'), patience);
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
    // A server that has refused what it was sent may reset the rest.
    socket.on('error', () => undefined);
    socket.on('close', () => finish('closed'));
    socket.write(bytes);
    if (halfClose) socket.end();
  });
}

/** Every whole answer in what was read; interim ones (1xx) are left out. */
export function parseAnswers(bytes: Buffer, method = 'GET'): WireAnswer[] {
  const answers: WireAnswer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    );
    at = headEnd + 4;
    if (status >= 100 && status < 200) continue;
    const body = method === 'HEAD' ? { text: '', end: at } : readBody(bytes, at, headers, status);
    at = body.end;
    answers.push({ status, headers, text: body.text });
  }
  return answers;
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
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return { text: Buffer.concat(parts).toString('utf8'), end: bytes.length };
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2;
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
    if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end: at };
  }
}
