import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { HttpRequest } from '#server/http/request.ts';
import type { HttpResponse } from '#server/http/response.ts';
import type { RouteHandler } from '#server/http/route-handlers.ts';
import { limitBodyTime, respond } from '#server/node-server/respond.ts';
import { parseResponses } from '#tests/http/support/raw-socket.ts';

const { drainBytes, lingerTime, compressAbove } = limits.nodeServer;
const textType = { 'content-type': 'text/plain' };

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** Starts a server whose only route is the handler. `messages` collects its requests. */
async function serve(handler: RouteHandler): Promise<{ url: string; messages: IncomingMessage[] }> {
  const messages: IncomingMessage[] = [];
  const url = await listen((message, response) => {
    messages.push(message);
    void respond(message, response, { handler, origin: 'https://site.example' });
  });
  return { url, messages };
}

/** Starts a server that always sends this response and reads no body. */
function serveResponse(response: HttpResponse) {
  return serve(async () => ({ ...response, headers: { ...response.headers } }));
}

/** Opens a connection and sends bytes on it. `responses` parses what has been received so far. */
async function open(url: string, bytes: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  return { socket, responses: () => parseResponses(Buffer.concat(chunks)) };
}

const head = (method: string, ...fields: string[]) =>
  [`${method} /any HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n');

describe('a response', () => {
  test('has the length of its text in bytes', async () => {
    const { url } = await serveResponse({ status: 201, headers: textType, body: 'Grüße' });
    const response = await fetch(url);
    expect([response.status, response.headers.get('content-length')]).toEqual([201, '7']);
    expect(await response.text()).toBe('Grüße');
  });

  test('that is compressed has the length of the compressed body', async () => {
    const text = 'a'.repeat(compressAbove + 1);
    const { url } = await serveResponse({ status: 200, headers: textType, body: text });
    const { socket, responses } = await open(url, head('GET', 'Accept-Encoding: gzip', 'Connection: close'));
    await once(socket, 'close');
    const [response] = responses();
    expect(response?.headers.get('content-encoding')).toBe('gzip');
    expect(Number(response?.headers.get('content-length'))).toBeLessThan(compressAbove / 2);
    expect(await (await fetch(url)).text()).toBe(text);
  });

  test('without a body keeps the length that its handler gave', async () => {
    const headers = { ...textType, 'content-length': '7' };
    const { url } = await serveResponse({ status: 200, headers, body: null });
    const response = await fetch(url, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('7');
  });

  test('can be a stream', async () => {
    const { url } = await serve(async () => ({
      status: 202,
      headers: { ...textType },
      body: Readable.from(['one ', 'two']),
    }));
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([202, 'one two']);
  });

  test('whose stream fails is not complete', async () => {
    async function* failing() {
      yield 'one ';
      throw new Error('the upstream failed');
    }
    const { url } = await serve(async () => ({
      status: 200,
      headers: { ...textType },
      body: Readable.from(failing()),
    }));
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  });
});

describe('the signal of a request', () => {
  test('aborts when the client leaves before it has the response', async () => {
    const seen = Promise.withResolvers<HttpRequest>();
    const { url } = await serve((request) => {
      seen.resolve(request);
      return new Promise(() => undefined);
    });
    const { socket } = await open(url, head('GET'));
    const { signal } = await seen.promise;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await expect.poll(() => signal.aborted).toBe(true);
  });

  test('does not abort after a complete response', async () => {
    const requests: HttpRequest[] = [];
    const { url, messages } = await serve(async (request) => {
      requests.push(request);
      return { status: 200, headers: { ...textType }, body: 'done' };
    });
    const { socket, responses } = await open(url, head('GET'));
    await expect.poll(() => responses().length).toBe(1);
    socket.destroy();
    await expect.poll(() => messages[0]?.socket.destroyed).toBe(true);
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([false]);
  });
});

/** Waits without a timer. */
async function until(check: () => boolean | undefined): Promise<void> {
  while (!check()) await new Promise(setImmediate);
}

/** Fakes the timers of the product. Those of Node's server stay. */
function fakeTimeouts(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    return () => {
      vi.useRealTimers();
    };
  });
}

describe('the rest of a rejected body', () => {
  fakeTimeouts();
  const rejected = { status: 413, headers: textType, body: 'The body is too large.' };
  const chunked = 'Transfer-Encoding: chunked';

  test.each([
    { title: 'small', field: `Content-Length: ${drainBytes}` },
    { title: 'large', field: `Content-Length: ${drainBytes + 1}` },
    { title: 'chunked', field: chunked },
  ])('has a limited time to arrive: $title', async ({ field }) => {
    const { url, messages } = await serveResponse(rejected);
    const { responses } = await open(url, head('POST', field));
    await until(() => responses().length === 1);
    expect(responses()[0]?.status).toBe(413);
    vi.advanceTimersByTime(lingerTime - 1);
    expect(messages[0]?.socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    await until(() => messages[0]?.socket.destroyed);
  });

  test.each([
    { title: 'small', field: 'Content-Length: 4', rest: 'rest' },
    { title: 'chunked', field: chunked, rest: '4\r\nrest\r\n0\r\n\r\n' },
  ])('is read, so that the connection serves the next request: $title', async ({ field, rest }) => {
    const { url } = await serveResponse(rejected);
    const { socket, responses } = await open(url, head('POST', field));
    await until(() => responses().length === 1);
    socket.write(rest);
    socket.write(head('GET'));
    await until(() => responses().length === 2);
    expect(responses().map(({ text }) => text)).toEqual([rejected.body, rejected.body]);
    await until(() => vi.getTimerCount() === 0);
  });

  test('gets no more time after it was too slow', async () => {
    const { url, messages } = await serveResponse({ ...rejected, status: 408 });
    const { responses } = await open(url, head('POST', chunked));
    await until(() => messages[0]?.socket.destroyed);
    await until(() => responses()[0]?.status === 408);
  });
});

describe('the body of a request for Next', () => {
  fakeTimeouts();

  /** Starts a server that reads the body within the limit, and sends a head to it. */
  async function send(bytes: string) {
    const received = Promise.withResolvers<IncomingMessage>();
    const url = await listen((message) => {
      limitBodyTime(message);
      message.resume();
      received.resolve(message);
    });
    const { socket } = await open(url, bytes);
    return { socket, message: await received.promise };
  }

  test('loses its connection if it does not arrive in time', async () => {
    const { message } = await send(head('POST', 'Content-Length: 5'));
    vi.advanceTimersByTime(limits.bodyDeadline - 1);
    expect(message.socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(message.socket.destroyed).toBe(true);
  });

  test('has no limit any more once it has arrived, or its client has left', async () => {
    const { socket, message } = await send(head('POST', 'Content-Length: 5'));
    expect(vi.getTimerCount()).toBe(1);
    socket.write('whole');
    await once(message, 'end');
    expect(vi.getTimerCount()).toBe(0);

    const left = await send(head('POST', 'Content-Length: 5'));
    left.socket.destroy();
    await until(() => vi.getTimerCount() === 0);
  });

  test('has no limit if it is already there', async () => {
    const received = Promise.withResolvers<void>();
    const url = await listen((message) => {
      setImmediate(() => {
        limitBodyTime(message);
        received.resolve();
      });
    });
    await open(url, head('GET'));
    await received.promise;
    expect(vi.getTimerCount()).toBe(0);
  });
});
