import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { respond } from '#server/node-server/respond.ts';
import { defineWebhook } from '#server/webhooks/define-webhook.ts';
import { sendBytes, type WireResponse } from '#tests/http/support/raw-socket.ts';
import { expectError } from '#tests/support/call.ts';
import { fakeJobs } from './fake-jobs.ts';
import { standardHeaders, testReceiver } from './support.ts';

const path = '/api/webhooks/orders';
const bodyBytes = 1_000;
const orders = defineWebhook({
  name: 'orders',
  scheme: 'standard-webhooks',
  input: z.unknown(),
  handle: async () => undefined,
  bodyBytes,
});

/** Serves the route over HTTP. */
async function serve() {
  const { jobs, stored } = fakeJobs();
  const { handler, outcomes } = testReceiver({
    webhooks: [orders],
    jobs,
    variables: { SITE_URL: 'http://localhost:3000' },
  });
  const server = createServer((message, response) => {
    void respond(message, response, { handler, origin: 'http://localhost:3000' });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { baseUrl: `http://127.0.0.1:${address.port}`, stored, outcomes };
}

const body = '{"type":"order.paid"}';

type Head = { method?: string; headers: readonly (readonly [string, string])[]; length?: number };

function head({ method = 'POST', headers, length = body.length }: Head): string {
  const fields = [['host', 'localhost'], ['connection', 'close'], ['content-length', length], ...headers];
  return [`${method} ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  );
}

/** Sends a request as it is, and returns the only response. */
async function exchange(baseUrl: string, bytes: string | Uint8Array): Promise<WireResponse> {
  const { responses } = await sendBytes(baseUrl, bytes);
  expect(responses).toHaveLength(1);
  const [response] = responses;
  if (!response) throw new Error('there is no response');
  return response;
}

const toResponse = ({ status, headers, text }: WireResponse) => new Response(text, { status, headers });

test('a delivery with its headers in any case is accepted', async () => {
  const { baseUrl, stored } = await serve();
  const headers = Object.entries(standardHeaders(body)).map(
    ([name, value]) => [name.toUpperCase(), value] as const,
  );
  const { status, text } = await exchange(baseUrl, head({ headers }) + body);
  expect([status, text]).toEqual([200, '{"accepted":true}']);
  expect(stored.size).toBe(1);
});

describe('a header that is sent twice', () => {
  const signed = Object.entries(standardHeaders(body));
  const twice = (name: string, other?: string) =>
    signed.flatMap(([each, value]) =>
      each === name
        ? ([
            [each, other ?? value],
            [each, value],
          ] as const)
        : ([[each, value]] as const),
    );

  test.each(['webhook-id', 'webhook-timestamp'])('is rejected: %s', async (name) => {
    const { baseUrl, stored } = await serve();
    const response = await exchange(baseUrl, head({ headers: twice(name) }) + body);
    await expectError(toResponse(response), { reason: 'unauthorized', path });
    expect(stored.size).toBe(0);
  });

  test('holds several signatures, of which one must be valid', async () => {
    const { baseUrl, stored } = await serve();
    const headers = twice('webhook-signature', `v1,${'A'.repeat(43)}=`);
    expect((await exchange(baseUrl, head({ headers }) + body)).status).toBe(200);
    expect(stored.size).toBe(1);
  });
});

test('thousands of signatures in the headers are rejected', async () => {
  const { baseUrl, stored } = await serve();
  const { 'webhook-signature': _, ...others } = standardHeaders(body);
  const many = Array.from({ length: 200 }, () => ['webhook-signature', 'v1,AAAA'] as const);
  const headers = [...Object.entries(others), ...many, ['webhook-signature', 'v1,A '.repeat(1_000)] as const];
  const response = await exchange(baseUrl, head({ headers }) + body);
  await expectError(toResponse(response), { reason: 'unauthorized', path });
  expect(stored.size).toBe(0);
});

describe('a body is rejected', () => {
  const rejected = async (
    request: string | Uint8Array,
    reason: Parameters<typeof expectError>[1]['reason'],
  ) => {
    const { baseUrl, stored, outcomes } = await serve();
    await expectError(toResponse(await exchange(baseUrl, request)), { reason, path });
    expect(stored.size).toBe(0);
    expect(outcomes).toEqual([`orders ${reason}`]);
  };

  test('if it is larger than the limit', async () => {
    const large = JSON.stringify('x'.repeat(bodyBytes));
    const headers = Object.entries(standardHeaders(large));
    await rejected(head({ headers, length: large.length }) + large, 'payload_too_large');
  });

  test('if it is chunked and larger than the limit', async () => {
    const chunk = `1f4\r\n${'x'.repeat(500)}\r\n`;
    const fields = head({ headers: [['transfer-encoding', 'chunked']] }).replace(
      /content-length: \d+\r\n/,
      '',
    );
    await rejected(`${fields}${chunk.repeat(3)}0\r\n\r\n`, 'payload_too_large');
  });

  test('if it is compressed, although its signature is valid', async () => {
    const gzip = gzipSync(body);
    const headers = [...Object.entries(standardHeaders(body)), ['content-encoding', 'gzip'] as const];
    await rejected(
      Buffer.concat([Buffer.from(head({ headers, length: gzip.length })), gzip]),
      'unsupported_media_type',
    );
  });

  test('if it is empty', async () => {
    await rejected(head({ headers: Object.entries(standardHeaders('')), length: 0 }), 'invalid_input');
  });

  test('if it is not UTF-8', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);
    const headers = Object.entries(standardHeaders('"\u{fffd}"'));
    await rejected(
      Buffer.concat([Buffer.from(head({ headers, length: bytes.length })), bytes]),
      'unauthorized',
    );
  });
});

describe('a body that does not arrive', () => {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    return () => void vi.useRealTimers();
  });

  test('has a deadline', async () => {
    const { baseUrl, stored, outcomes } = await serve();
    const receiving = exchange(
      baseUrl,
      head({ headers: Object.entries(standardHeaders(body)) }) + body.slice(1),
    );
    while (vi.getTimerCount() < 2) await new Promise(setImmediate);
    vi.advanceTimersByTime(limits.bodyDeadline);
    await expectError(toResponse(await receiving), { reason: 'request_timeout', path });
    expect(stored.size).toBe(0);
    expect(outcomes).toEqual(['orders request_timeout']);
  });
});

test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
  const { baseUrl } = await serve();
  const response = await fetch(`${baseUrl}${path}`, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});

test('one client can have only so many deliveries in progress', async () => {
  const { baseUrl, outcomes } = await serve();
  for (let count = 0; count < limits.webhook.concurrent.perClient; count += 1) {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // The body never arrives.
    socket.write(head({ headers: [['x-forwarded-for', '192.0.2.1']] }));
  }
  const send = (client: string) =>
    fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { ...standardHeaders(body), 'x-forwarded-for': client },
      body,
    });
  await vi.waitFor(async () => expect((await send('192.0.2.1')).status).toBe(429));
  expect((await send('192.0.2.2')).status).toBe(200);
  expect(outcomes).toContain('orders rate_limited');
});
