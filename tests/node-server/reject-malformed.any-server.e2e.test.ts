import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { untilLogged } from '#tests/http/support/log.ts';
import { sendBytes, type WireResponse } from '#tests/http/support/raw-socket.ts';
import { readError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

/** Length of the log when the test began. */
let before = 0;
beforeEach(() => {
  before = product.log().length;
});
afterEach(async () => {
  const response = await fetch(`${product.baseUrl}/healthz`);
  expect(response.status).toBe(200);
  expect(product.log().slice(before)).not.toMatch(/uncaughtException|unhandledRejection|^\s+at /m);
});

const crlf = '\r\n';
const lines = (...all: string[]) => `${all.join(crlf)}${crlf}${crlf}`;
const close = ['host: localhost', 'connection: close'];
const jsonType = 'content-type: application/json';
const url = '/api/trpc/fixture.request';

async function sendUntilClosed(bytes: string | Uint8Array, halfClose = false): Promise<WireResponse[]> {
  const { responses, ended } = await sendBytes(product.baseUrl, bytes, { halfClose });
  expect(ended).toBe('closed');
  return responses;
}

describe('HTTP that fetch cannot send gets an error response', () => {
  test.each([
    { title: 'TRACE', bytes: lines(`TRACE ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'a WebDAV method', bytes: lines(`PROPFIND ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'QUERY', bytes: lines(`QUERY ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'a malformed path', bytes: lines('GET /api/trpc/% HTTP/1.1', ...close), status: 400 },
    {
      title: 'a malformed page path',
      bytes: lines('GET /posts/%E0%A4 HTTP/1.1', ...close),
      status: 400,
    },
  ])('$title: $status', async ({ bytes, status }) => {
    const [response] = await sendUntilClosed(bytes);
    expect(response?.status).toBe(status);
    expect(response?.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(readError(JSON.parse(response?.text ?? '')).data.requestId).toBe(
      response?.headers.get('x-request-id'),
    );
  });
});

describe('a protocol upgrade request (RFC 9110, 7.8) is served as a plain HTTP request', () => {
  test.each(['websocket', 'h2c', 'TLS/1.0'])('%s', async (protocol) => {
    const [response] = await sendUntilClosed(
      lines(`GET ${url} HTTP/1.1`, 'host: localhost', 'connection: upgrade, close', `upgrade: ${protocol}`),
    );
    expect(response?.status).toBe(200);
  });

  test('a malformed path is rejected without a stack in the log', async () => {
    const [response] = await sendUntilClosed(
      lines('GET /api/% HTTP/1.1', 'host: localhost', 'connection: upgrade, close', 'upgrade: websocket'),
    );
    expect(response?.status).toBe(400);
  });
});

describe("bytes that are not HTTP get Node's own error response", () => {
  test.each([
    { title: 'TLS', bytes: Buffer.from('160301020001fc0303', 'hex'), status: 400 },
    { title: 'an unknown method', bytes: lines(`FOO ${url} HTTP/1.1`, ...close), status: 400 },
    { title: 'HTTP/9.9', bytes: lines(`GET ${url} HTTP/9.9`, ...close), status: 400 },
    { title: 'no host', bytes: lines(`GET ${url} HTTP/1.1`, 'connection: close'), status: 400 },
    { title: 'a blank in the target', bytes: lines('GET /a b HTTP/1.1', ...close), status: 400 },
    { title: 'a header without a name', bytes: lines(`GET ${url} HTTP/1.1`, ...close, ': x'), status: 400 },
    { title: 'a NUL in a header', bytes: lines(`GET ${url} HTTP/1.1`, ...close, 'x: a\0b'), status: 400 },
    { title: 'a lone line feed', bytes: `GET ${url} HTTP/1.1\nhost: x\r\n\n a: b\r\n\r\n`, status: 400 },
    {
      title: 'headers of 20 KB',
      bytes: lines(`GET ${url} HTTP/1.1`, ...close, `x: ${'a'.repeat(20_000)}`),
      status: 431,
    },
    {
      title: 'a negative content length',
      bytes: lines('POST /api/trpc/fixture.body HTTP/1.1', ...close, 'content-length: -1'),
      status: 400,
    },
    {
      title: 'two content lengths',
      bytes: lines(
        'POST /api/trpc/fixture.body HTTP/1.1',
        ...close,
        'content-length: 1',
        'content-length: 2',
      ),
      status: 400,
    },
    {
      title: 'a content length with chunked encoding',
      bytes: lines(
        'POST /api/trpc/fixture.body HTTP/1.1',
        ...close,
        jsonType,
        'content-length: 1',
        'transfer-encoding: chunked',
      ),
      status: 400,
    },
    {
      title: 'a malformed chunk',
      bytes: `${lines('POST /api/trpc/fixture.body HTTP/1.1', ...close, jsonType, 'transfer-encoding: chunked')}ZZZ\r\n`,
      status: 400,
    },
    {
      title: 'an unknown transfer coding',
      bytes: lines('POST /api/trpc/fixture.body HTTP/1.1', ...close, 'transfer-encoding: gzip'),
      status: 400,
    },
  ])('$title: $status', async ({ bytes, status }) => {
    const responses = await sendUntilClosed(bytes, true);
    expect(responses.map((response) => response.status)).toEqual([status]);
  });
});

describe('a body that does not match its content length', () => {
  const head = (length: number) =>
    lines('POST /api/trpc/fixture.body HTTP/1.1', ...close, jsonType, `content-length: ${length}`);

  test('a body that ends early gets no 5xx and is not logged as an error', async () => {
    const responses = await sendUntilClosed(`${head(100)}{"json":1}`, true);
    for (const { status } of responses) expect(status).toBeLessThan(500);
    const line = await untilLogged(product, (event) => event.route === '/api/trpc/[trpc]', before);
    expect(line).toMatchObject({ msg: 'request', bytesIn: 0 });
    expect(line.level).not.toBe('error');
  });

  test('bytes after the body are never served as a request', async () => {
    const responses = await sendUntilClosed(`${head(10)}{"json":1}GARBAGE`);
    expect(responses).toHaveLength(1);
    // Node closes the connection when it reads bytes that are not HTTP, even if the response has not been sent yet.
    for (const { status } of responses) expect([200, 400]).toContain(status);
  });

  test('a GET with a body is served as a GET', async () => {
    const [response] = await sendUntilClosed(
      `${lines(`GET ${url} HTTP/1.1`, ...close, 'content-length: 5')}hello`,
    );
    expect(response?.status).toBe(200);
  });
});

test('pipelined requests are answered in order', async () => {
  const id = (n: number) => `pipelined-${n}`;
  const bytes = [1, 2, 3, 4]
    .map((n) =>
      lines(
        `GET ${url} HTTP/1.1`,
        'host: localhost',
        `x-request-id: ${id(n)}`,
        ...(n === 4 ? ['connection: close'] : []),
      ),
    )
    .join('');
  const responses = await sendUntilClosed(bytes);
  expect(responses.map(({ status, headers }) => [status, headers.get('x-request-id')])).toEqual(
    [1, 2, 3, 4].map((n) => [200, id(n)]),
  );
});
