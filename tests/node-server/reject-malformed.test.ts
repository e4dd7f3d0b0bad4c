import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEnvelope } from '#tests/product/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { untilLogged } from '../http/support/log.ts';
import { sendBytes, type WireAnswer } from '../http/support/raw-socket.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

/** How much of the log is older than the running test. */
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
const url = '/api/trpc/echo.request';

async function ask(bytes: string | Uint8Array, halfClose = false): Promise<WireAnswer[]> {
  const { answers, ended } = await sendBytes(product.baseUrl, bytes, { halfClose });
  expect(ended).toBe('closed');
  return answers;
}

describe('HTTP that fetch does not send is answered with the envelope', () => {
  test.each([
    {
      title: 'an absolute target',
      bytes: lines(`GET http://evil.example${url} HTTP/1.1`, ...close),
      status: 400,
    },
    { title: 'the target *', bytes: lines('OPTIONS * HTTP/1.1', ...close), status: 400 },
    { title: 'TRACE', bytes: lines(`TRACE ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'a method of WebDAV', bytes: lines(`PROPFIND ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'QUERY', bytes: lines(`QUERY ${url} HTTP/1.1`, ...close), status: 405 },
    { title: 'a malformed path', bytes: lines('GET /api/trpc/% HTTP/1.1', ...close), status: 400 },
    {
      title: 'a malformed path of a page',
      bytes: lines('GET /posts/%E0%A4 HTTP/1.1', ...close),
      status: 400,
    },
  ])('$title: $status', async ({ bytes, status }) => {
    const [answer] = await ask(bytes);
    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(readEnvelope(JSON.parse(answer?.text ?? '')).data.requestId).toBe(
      answer?.headers.get('x-request-id'),
    );
  });
});

describe('a request to change the protocol (RFC 9110, 7.8) is answered as if it had not asked', () => {
  test.each(['websocket', 'h2c', 'TLS/1.0'])('%s', async (protocol) => {
    const [answer] = await ask(
      lines(`GET ${url} HTTP/1.1`, 'host: localhost', 'connection: upgrade, close', `upgrade: ${protocol}`),
    );
    expect(answer?.status).toBe(200);
  });

  test('with a malformed path: refused, and no stack in the log', async () => {
    const [answer] = await ask(
      lines('GET /api/% HTTP/1.1', 'host: localhost', 'connection: upgrade, close', 'upgrade: websocket'),
    );
    expect(answer?.status).toBe(400);
  });
});

describe("what is no HTTP gets Node's own refusal", () => {
  test.each([
    { title: 'TLS', bytes: Buffer.from('160301020001fc0303', 'hex'), status: 400 },
    { title: 'a method that is none', bytes: lines(`FOO ${url} HTTP/1.1`, ...close), status: 400 },
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
      title: 'a length that is none',
      bytes: lines('POST /api/trpc/echo.body HTTP/1.1', ...close, 'content-length: -1'),
      status: 400,
    },
    {
      title: 'two lengths',
      bytes: lines('POST /api/trpc/echo.body HTTP/1.1', ...close, 'content-length: 1', 'content-length: 2'),
      status: 400,
    },
    {
      title: 'a length and chunks',
      bytes: lines(
        'POST /api/trpc/echo.body HTTP/1.1',
        ...close,
        jsonType,
        'content-length: 1',
        'transfer-encoding: chunked',
      ),
      status: 400,
    },
    {
      title: 'chunks that are none',
      bytes: `${lines('POST /api/trpc/echo.body HTTP/1.1', ...close, jsonType, 'transfer-encoding: chunked')}ZZZ\r\n`,
      status: 400,
    },
    {
      title: 'an unknown transfer coding',
      bytes: lines('POST /api/trpc/echo.body HTTP/1.1', ...close, 'transfer-encoding: gzip'),
      status: 400,
    },
  ])('$title: $status', async ({ bytes, status }) => {
    const answers = await ask(bytes, true);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
  });
});

describe('bodies that are not as announced', () => {
  const head = (length: number) =>
    lines('POST /api/trpc/echo.body HTTP/1.1', ...close, jsonType, `content-length: ${length}`);

  test('less than announced, then the end: not answered with a 5xx, and no failure of ours in the log', async () => {
    const answers = await ask(`${head(100)}{"json":1}`, true);
    for (const { status } of answers) expect(status).toBeLessThan(500);
    const line = await untilLogged(product, (event) => event.route === '/api/trpc/[trpc]', before);
    expect(line).toMatchObject({ msg: 'request', bytesIn: 0 });
    expect(line.level).not.toBe('error');
  });

  test('more than announced: the rest is never a request', async () => {
    const answers = await ask(`${head(10)}{"json":1}GARBAGE`);
    expect(answers).toHaveLength(1);
    // Node ends the connection as soon as it reads what is no HTTP, whether or not the answer was on its way.
    for (const { status } of answers) expect([200, 400]).toContain(status);
  });

  test('a GET with a body is a GET', async () => {
    const [answer] = await ask(`${lines(`GET ${url} HTTP/1.1`, ...close, 'content-length: 5')}hello`);
    expect(answer?.status).toBe(200);
  });
});

test('requests sent without waiting are answered each, in their order', async () => {
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
  const answers = await ask(bytes);
  expect(answers.map(({ status, headers }) => [status, headers.get('x-request-id')])).toEqual(
    [1, 2, 3, 4].map((n) => [200, id(n)]),
  );
});
