import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { NodeServer } from '#server/node-server/server.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';

withServices();

const { pages, files, forms, pipelinedRequests, droppedRequests } = limits.nodeServer;

let server: NodeServer;
let url: string;
/** Paths that reached Next. */
const seen: string[] = [];
/** Responses that Next does not end. */
let held: ServerResponse[] = [];

beforeAll(async () => {
  ({ server, url } = await startTestServer(
    async (request, response) => {
      seen.push(request.url ?? '');
      if (request.url?.includes('held')) held.push(response);
      else if (request.method === 'POST') request.on('data', () => {}).on('end', () => response.end('form'));
      else response.end('page');
    },
    { RATE_LIMITS: 'page=1000/60' },
  ));
});
afterAll(() => server.stop());

const asClient = (address: string) => ({ 'x-forwarded-for': address });

function head(requestLine: string, ...fields: string[]): string {
  return [`${requestLine} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n');
}

const list = (separator: string, count: number) => Array.from({ length: count }, () => 'a=1').join(separator);

describe('Next gets no request that would take too much memory or time', () => {
  test.each([
    ['a POST to a page', head('POST /posts', 'Content-Length: 1000000000'), 405],
    ['a chunked POST to a page', head('POST /posts', 'Transfer-Encoding: chunked'), 405],
    ['a POST to a file', head('POST /x.html', 'Content-Length: 1000000000'), 405],
    ['a POST below /_next', head('POST /_next/x', 'Content-Length: 1000000000'), 405],
    ['a GET with a body', head('GET /posts', 'Content-Length: 1000000000'), 400],
    ['a GET with a chunked body', head('GET /posts', 'Transfer-Encoding: chunked'), 400],
    [
      'a form that is too large',
      head('POST /contact/send', `Content-Length: ${limits.formBodyBytes + 1}`),
      413,
    ],
    ['a form of unknown size', head('POST /contact/send', 'Transfer-Encoding: chunked'), 400],
    ['a GET of a form route', head('GET /contact/send'), 405],
    ['a page with too many cookies', head('GET /posts', `Cookie: ${list('; ', limits.cookies + 1)}`), 400],
    ['a page with too many parameters', head(`GET /posts?${list('&', limits.queryParameters + 1)}`), 400],
    ['a page with a long query', head(`GET /posts?${'a'.repeat(limits.queryBytes + 1)}`), 414],
    ['an unknown Transfer-Encoding', head('GET /posts', 'Transfer-Encoding: identity, chunked'), 400],
  ])('%s', async (_, bytes, status) => {
    const before = seen.length;
    const { responses } = await sendBytes(url, bytes, { until: 1 });
    expect(responses.map((response) => response.status)).toEqual([status]);
    expect(seen).toHaveLength(before);
  });

  test('but as many cookies and parameters as are allowed', async () => {
    const path = `/posts?${list('&', limits.queryParameters)}`;
    const bytes = head(`GET ${path}`, `Cookie: ${list('; ', limits.cookies)}`, 'Connection: close');
    const { responses } = await sendBytes(url, bytes);
    expect(responses.map(({ status, text }) => [status, text])).toEqual([[200, 'page']]);
  });

  test('but a small form with its Content-Length', async () => {
    const bytes = head('POST /contact/send', 'Content-Length: 5', 'Connection: close');
    const { responses } = await sendBytes(url, `${bytes}a=b&c`);
    expect(responses.map(({ status, text }) => [status, text])).toEqual([[200, 'form']]);
  });
});

describe('one client', () => {
  const form = { method: 'POST', body: 'a=b' };

  test.each([
    { kind: 'pages', path: '/held', init: {}, perClient: pages.perClient },
    { kind: 'files', path: '/_next/static/held.js', init: {}, perClient: files.perClient },
    { kind: 'redirects', path: '/held/', init: {}, perClient: files.perClient },
    { kind: 'forms', path: '/contact/send?held', init: form, perClient: forms.perClient },
  ])('gets its share of the $kind; others still get theirs', async ({ path, init, perClient }) => {
    const statusOf = async (address: string) => {
      const sent = { ...init, headers: asClient(address) };
      const response = await fetch(`${url}${path.replace('held', 'free')}`, sent);
      await response.arrayBuffer();
      return [response.status, response.headers.get('retry-after')];
    };
    const greedy = Array.from({ length: perClient }, () =>
      fetch(`${url}${path}`, { ...init, headers: asClient('192.0.2.1') }),
    );
    await expect.poll(() => held.length, { timeout: 20_000 }).toBe(perClient);
    expect(await statusOf('192.0.2.1')).toEqual([429, '2']);
    expect(await statusOf('192.0.2.2')).toEqual([200, null]);

    for (const response of held) response.end('done');
    held = [];
    await Promise.all(greedy.map(async (response) => (await response).text()));
    expect(await statusOf('192.0.2.1')).toEqual([200, null]);
  });

  test('has a rate limit for pages, which files do not consume', async () => {
    const limited = await startTestServer(async (_, response) => void response.end('ok'), {
      RATE_LIMITS: 'page=2/60',
    });
    const statusOf = async (path: string, address: string) =>
      (await fetch(`${limited.url}${path}`, { headers: asClient(address) })).status;
    expect(await statusOf('/_next/static/x.js', '192.0.2.1')).toBe(200);
    expect([await statusOf('/', '192.0.2.1'), await statusOf('/posts', '192.0.2.1')]).toEqual([200, 200]);
    expect(await statusOf('/', '192.0.2.1')).toBe(429);
    expect(await statusOf('/_next/static/x.js', '192.0.2.1')).toBe(200);
    expect(await statusOf('/', '192.0.2.2')).toBe(200);
    await limited.server.stop();
    lifecycle.draining = false;
  });
});

describe('pipelined requests of one connection', () => {
  test('are handled one after the other', async () => {
    seen.length = 0;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(Array.from({ length: 10 }, (_, at) => head(`GET /held/${at}`)).join(''));
    await expect.poll(() => held.length).toBe(1);
    expect(seen).toEqual(['/held/0']);
    held.shift()?.end('page');
    await expect.poll(() => seen).toEqual(['/held/0', '/held/1']);
    // The client leaves: the other eight are never rendered.
    socket.destroy();
    await expect.poll(() => held[0]?.destroyed).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen).toEqual(['/held/0', '/held/1']);
    held = [];
  });

  test('have their whole body, although it arrived in parts while they waited', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const json = head(
      'POST /api/trpc/fixture.body',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    );
    const parts = ['{"json":"first ', 'second ', 'third"}'].map(
      (part) => `${part.length.toString(16)}\r\n${part}\r\n`,
    );
    socket.write(head('GET /held/first'));
    await expect.poll(() => held.length).toBe(1);
    for (const bytes of [json, ...parts, '0\r\n\r\n']) socket.write(bytes);
    // By then, the server has read the bytes of the other connection.
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    held.shift()?.end('page');
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      if (received.includes('third') || received.includes('"error"')) break;
    }
    expect(received).toContain('"res":"first second third"');
  });

  test('close it at once if there are far too many', async () => {
    seen.length = 0;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(head('GET /held/first'));
    await expect.poll(() => held.length).toBe(1);
    // The first response is still awaited.
    socket.write(head('GET /page').repeat(pipelinedRequests + droppedRequests + 1));
    socket.resume();
    await once(socket, 'close');
    expect(seen).toEqual(['/held/first']);
    held = [];
  });

  test('close the connection after those that may wait', async () => {
    seen.length = 0;
    const requests = Array.from({ length: 500 }, (_, at) => head(`GET /page/${at}`)).join('');
    const { responses, ended } = await sendBytes(url, requests);
    expect(ended).toBe('closed');
    expect(responses).toHaveLength(1 + pipelinedRequests);
    expect(responses.at(-1)?.headers.get('connection')).toBe('close');
    expect(seen).toHaveLength(1 + pipelinedRequests);
  });
});
