import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { post } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { nextArguments, startArguments } from '#tests/support/start-command.ts';
import { eventOf, linesOf } from './support/log.ts';

describe.each([
  { server: "the product's own server", command: startArguments() },
  { server: 'next start', command: nextArguments },
])('behind $server', ({ command }) => {
  /** An upstream that accepts every request and never responds. */
  let upstream: Server;
  const seen = { open: 0, closed: 0 };
  let product: Product;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      request.resume();
      seen.open += 1;
      response.on('close', () => {
        seen.closed += 1;
      });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const address = upstream.address();
    if (address === null || typeof address === 'string') throw new Error('the upstream has no port');
    product = await startProduct({ FIXTURE_ITEMS_URL: `http://127.0.0.1:${address.port}` }, command);
  });
  afterAll(async () => {
    await product.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  /** Disconnects once the upstream was called and `until` has resolved. */
  async function disconnect(
    call: (signal: AbortSignal) => Promise<Response>,
    until?: Promise<void>,
  ): Promise<void> {
    const opened = seen.open;
    const closed = seen.closed;
    const controller = new AbortController();
    const outcome = call(controller.signal).then(
      () => 'responded',
      () => 'aborted',
    );
    await vi.waitFor(() => expect(seen.open).toBe(opened + 1), { timeout: 5000, interval: 10 });
    await until;
    controller.abort();
    expect(await outcome).toBe('aborted');
    // Before the upstream call's own 5 s deadline would abort it.
    await vi.waitFor(() => expect(seen.closed).toBe(closed + 1), { timeout: 3000, interval: 10 });
  }

  test('a client disconnect aborts the upstream call and logs no error', async () => {
    const requestId = 'disconnecting-client-1';
    await disconnect((signal) =>
      fetch(`${product.baseUrl}/api/trpc/proxy.items.render`, {
        method: 'POST',
        headers: {
          ...proxyAuthorization,
          'content-type': 'application/json',
          'x-request-id': requestId,
        },
        body: '{"json":{"body":{"text":"*a*"}}}',
        signal,
      }),
    );
    const event = await eventOf(product, requestId);
    expect(event.route).toBe('/api/trpc/[trpc]');
    expect(linesOf(product, requestId).filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('a streamed batch sends each result at once, and a disconnect cancels its other calls', async () => {
    const requestId = 'disconnecting-client-3';
    const isReceived = Promise.withResolvers<void>();
    let received = '';
    await disconnect(async (signal) => {
      const response = await fetch(`${product.baseUrl}/api/trpc/proxy.items.render,fixture.body?batch=1`, {
        method: 'POST',
        headers: {
          ...proxyAuthorization,
          'content-type': 'application/json',
          'trpc-accept': 'application/jsonl',
          'x-request-id': requestId,
        },
        body: '{"0":{"json":{"body":{"text":"*b*"}}},"1":{"json":"echoed"}}',
        signal,
      });
      for await (const chunk of response.body ?? []) {
        received += new TextDecoder().decode(chunk);
        if (received.includes('echoed')) isReceived.resolve();
      }
      return response;
    }, isReceived.promise);
    const event = await eventOf(product, requestId);
    expect(event.status).toBe(499);
    expect(event.calls?.map(({ procedure }) => procedure).sort()).toEqual([
      'fixture.body',
      'proxy.items.render',
    ]);
    expect(linesOf(product, requestId).filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('a client disconnect in mid-body is logged as 499 and not as an error', async () => {
    const requestId = 'disconnecting-client-2';
    const { port } = new URL(product.baseUrl);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      [
        'POST /api/trpc/fixture.body HTTP/1.1',
        'host: localhost',
        'content-type: application/json',
        'content-length: 100',
        `x-request-id: ${requestId}`,
        '',
        '{"json":',
      ].join('\r\n'),
    );
    // By the time a request on another connection is answered, the server has started to read the first one.
    await fetch(`${product.baseUrl}/healthz`);
    socket.destroy();
    const event = await eventOf(product, requestId);
    expect(event.status).toBe(499);
    expect(linesOf(product, requestId).filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('later requests still succeed', async () => {
    expect((await post(product, 'fixture.body', 1)).status).toBe(200);
  });
});
