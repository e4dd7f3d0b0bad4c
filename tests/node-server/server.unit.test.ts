import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { NodeHandler } from '#server/node-server/server.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';

withServices();

beforeEach(() => {
  lifecycle.draining = false;
  lifecycle.handingOver = false;
});

/** Starts a server that stops after the test. */
async function start(next: NodeHandler | Promise<NodeHandler>, variables: Record<string, string> = {}) {
  const started = await startTestServer(next, variables);
  onTestFinished(() => started.server.stop());
  return started;
}

const respondOk: NodeHandler = async (_, response) => void response.end('page');

describe('a request for Next', () => {
  test('has the address of its peer as the last X-Forwarded-For', async () => {
    const { url } = await start(async (request, response) => {
      response.end(request.headers['x-forwarded-for']);
    });
    const response = await fetch(`${url}/posts`, {
      headers: { 'x-forwarded-for': '203.0.113.9, 203.0.113.7' },
    });
    expect(await response.text()).toMatch(/^203\.0\.113\.7, (?:::ffff:)?127\.0\.0\.1$/);
  });

  test('gets the security headers, and those of the documentation vary by Accept', async () => {
    const { url } = await start(respondOk);
    const headersOf = async (path: string) => (await fetch(`${url}${path}`)).headers;
    const page = await headersOf('/posts');
    expect(page.get('x-content-type-options')).toBe('nosniff');
    expect(page.get('vary')).toBeNull();
    expect((await headersOf('/docs')).get('vary')).toBe('Accept');
    expect((await headersOf('/docs/calling')).get('vary')).toBe('Accept');
  });

  test('for another host does not reach it', async () => {
    const { url } = await start(respondOk);
    const { responses } = await sendBytes(
      url,
      'GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
    );
    expect(responses.map(({ status }) => status)).toEqual([403]);
  });

  test('that is a form of another site does not reach it', async () => {
    const { url } = await start(respondOk);
    const send = (origin: string) =>
      fetch(`${url}/contact/send`, { method: 'POST', headers: { origin }, body: 'email=a' });
    expect((await send('https://evil.example')).status).toBe(403);
  });

  test('whose target is * does not reach it', async () => {
    const { url } = await start(respondOk);
    const bytes = 'GET * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
    const { responses } = await sendBytes(url, bytes);
    expect(responses.map(({ status }) => status)).toEqual([400]);
  });

  test('waits until Next is loaded, and is dropped if its client has left by then', async () => {
    const loading = Promise.withResolvers<NodeHandler>();
    const { url } = await start(loading.promise);
    const seen: (string | undefined)[] = [];
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /left HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'connect');
    const waiting = fetch(`${url}/waits`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    socket.destroy();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    loading.resolve(async (request, response) => {
      seen.push(request.url);
      response.end('page');
    });
    expect(await (await waiting).text()).toBe('page');
    expect(seen).toEqual(['/waits']);
  });

  test('whose handler fails loses its connection, and the error is logged', async () => {
    const { url, lines } = await start(async () => {
      throw new TypeError('x is not a function');
    });
    await expect(fetch(`${url}/posts`)).rejects.toThrow();
    expect(lines).toMatchObject([{ level: 'error', msg: 'request failed', err: { type: 'TypeError' } }]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('a connection', () => {
  test('is kept after a response', async () => {
    const { url } = await start(respondOk);
    expect((await fetch(`${url}/posts`)).headers.get('connection')).toBe('keep-alive');
  });

  test.each(['draining', 'handingOver'] as const)(
    'is closed after a response while the process is %s',
    async (state) => {
      const { url } = await start(respondOk);
      lifecycle[state] = true;
      for (const path of ['/posts', '/healthz']) {
        expect((await fetch(`${url}${path}`)).headers.get('connection')).toBe('close');
      }
    },
  );
});

describe('a proxy that is not configured', () => {
  const headers = { 'x-forwarded-for': '203.0.113.7' };
  const warning = expect.objectContaining({
    level: 'warn',
    msg: expect.stringContaining('X-Forwarded-For is ignored because TRUSTED_PROXY_HOPS is 0'),
  });

  test('is logged once', async () => {
    const { url, lines } = await start(respondOk, { TRUSTED_PROXY_HOPS: '0' });
    await fetch(`${url}/posts`);
    expect(lines).not.toContainEqual(warning);
    await fetch(`${url}/posts`, { headers });
    await fetch(`${url}/posts`, { headers });
    expect(lines.filter((line) => warning.asymmetricMatch(line))).toHaveLength(1);
  });

  test('is not one that is configured', async () => {
    const { url, lines } = await start(respondOk, { TRUSTED_PROXY_HOPS: '1' });
    await fetch(`${url}/posts`, { headers });
    expect(lines).not.toContainEqual(warning);
  });
});

describe('the end of the server', () => {
  /** A handler whose page is complete when `finish` is called. */
  function slowPage() {
    const reached = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    // Other test files share this process: none of its work may stay unfinished.
    onTestFinished(() => finished.resolve());
    const next: NodeHandler = async (_, response) => {
      reached.resolve();
      await finished.promise;
      response.end('page');
    };
    return { next, reached: reached.promise, finish: finished.resolve };
  }

  test('comes at once without requests, and when the running ones have ended', async () => {
    const idle = await startTestServer(respondOk);
    await (await fetch(`${idle.url}/posts`)).text();
    await idle.server.stop();
    expect(lifecycle.draining).toBe(true);
    await expect(fetch(`${idle.url}/posts`)).rejects.toThrow();

    lifecycle.draining = false;
    const page = slowPage();
    const busy = await startTestServer(page.next);
    const running = fetch(`${busy.url}/posts`);
    await page.reached;
    let hasStopped = false;
    const stopped = busy.server.stop().then(() => {
      hasStopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasStopped).toBe(false);
    page.finish();
    expect(await (await running).text()).toBe('page');
    await stopped;
  });

  test('by a handover leaves the port at once, and closes a connection with the next response', async () => {
    const page = slowPage();
    const { server, url } = await startTestServer(page.next);
    const running = fetch(`${url}/posts`);
    await page.reached;
    const handedOver = server.handOver();
    expect(lifecycle.handingOver).toBe(true);
    const other = connect(Number(new URL(url).port), '127.0.0.1');
    const [error] = await once(other, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    page.finish();
    expect((await running).headers.get('connection')).toBe('close');
    await handedOver;
  });

  test('comes after the shutdown deadline, even if a request has not ended', async () => {
    const page = slowPage();
    const { server, url } = await startTestServer(page.next);
    const running = fetch(`${url}/posts`);
    await page.reached;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stopped = server.stop();
    vi.advanceTimersByTime(limits.shutdownDeadline);
    await expect(running).rejects.toThrow();
    await stopped;
  });

  test('comes after the time in which a load balancer notices it, and until then requests are served', async () => {
    const { server, url } = await startTestServer(respondOk, { SHUTDOWN_DELAY: '1' });
    const stopped = server.stop();
    const response = await fetch(`${url}/posts`);
    expect([await response.text(), response.headers.get('connection')]).toEqual(['page', 'close']);
    await stopped;
    await expect(fetch(`${url}/posts`)).rejects.toThrow();
  });

  /** Opens a connection on which one response has been received. */
  async function openIdle(url: string) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /posts HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(socket, 'data');
    return socket;
  }

  test('by a handover closes idle connections only after some time: a request may be on its way', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, url } = await startTestServer(respondOk);
    const [kept, used] = [await openIdle(url), await openIdle(url)];
    const handedOver = server.handOver();
    used.write('GET /posts HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [late] = await once(used, 'data');
    expect(String(late)).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*connection: close\r\n/i);
    expect(kept.closed).toBe(false);
    vi.advanceTimersByTime(limits.cluster.idleGrace);
    await handedOver;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('by a handover comes at the latest when no request can be running any more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const page = slowPage();
    const { server, url } = await startTestServer(page.next);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /posts HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await page.reached;
    const handedOver = server.handOver();
    vi.advanceTimersByTime(limits.cluster.idleGrace);
    expect(socket.closed).toBe(false);
    vi.advanceTimersByTime(limits.raw.deadline);
    await handedOver;
  });
});

describe('CONNECT', () => {
  const connectRequest = 'CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n';

  test('gets the methods of the server, and its connection ends although the client keeps it open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { url } = await start(respondOk);
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.write(connectRequest);
    await once(socket, 'end');
    expect(received).toMatch(/^HTTP\/1\.1 405 .*\r\nAllow: GET, HEAD, POST, /);
    vi.advanceTimersByTime(limits.nodeServer.lingerTime);
    // Writing to a connection that the server has closed resets it.
    const writing = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(writing);
  });

  test('behind a request without a response closes the connection', async () => {
    const handled = Promise.withResolvers<void>();
    onTestFinished(() => handled.resolve());
    const { url } = await start(() => handled.promise);
    const { responses, ended } = await sendBytes(
      url,
      `GET /posts HTTP/1.1\r\nhost: localhost\r\n\r\n${connectRequest}`,
    );
    expect([responses, ended]).toEqual([[], 'closed']);
  });
});
