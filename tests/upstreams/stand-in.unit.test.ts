import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { get, post, send } from './send.ts';

let upstreams: Upstreams;
beforeEach(async () => {
  upstreams = await startUpstreams();
});
afterEach(() => upstreams.close());

const berlin = () => get(upstreams.search.url, '/v1/search', { name: 'Berlin' });

test('every stand-in has its own loopback port, and env contains its URL', () => {
  const { env, readings, search, items, archives, store } = upstreams;
  const urls = [readings.url, search.url, items.url, archives.url, store.url];
  expect(Object.values(env)).toEqual(expect.arrayContaining(urls));
  expect(new Set(Object.values(env)).size).toBe(Object.keys(env).length);
  for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

describe('recording', () => {
  test('keeps method, path and query, headers and body', async () => {
    await post(upstreams.readings.url, '/v1/forecast?a=1', { latitude: [1] }, { 'x-request-id': 'r1' });
    expect(upstreams.readings.requests).toEqual([
      {
        method: 'POST',
        url: '/v1/forecast?a=1',
        headers: expect.objectContaining({ 'x-request-id': 'r1', 'content-type': 'application/json' }),
        body: '{"latitude":[1]}',
      },
    ]);
    expect(upstreams.items.requests).toEqual([]);
  });

  test('keeps the last 200', async () => {
    for (let i = 0; i < 205; i += 1) await send(`${upstreams.search.url}/${i}`);
    expect(upstreams.search.requests).toHaveLength(200);
    expect(upstreams.search.requests[0]?.url).toBe('/5');
    expect(upstreams.search.requests.at(-1)?.url).toBe('/204');
  });
});

describe('a fault stays until it is cleared:', () => {
  test('a status with its headers and body', async () => {
    const { search } = upstreams;
    search.fault({ kind: 'status', status: 429, body: '{"error":true}', headers: { 'retry-after': '7' } });
    for (const _ of [1, 2]) {
      const { status, headers, text } = await berlin();
      expect([status, headers['retry-after'], text]).toEqual([429, '7', '{"error":true}']);
    }
    search.fault(undefined);
    expect((await berlin()).status).toBe(200);
    expect(search.requests).toHaveLength(3);
  });

  test('another body', async () => {
    upstreams.search.fault({ kind: 'body', body: '<html>', contentType: 'text/html' });
    const { status, headers, text } = await berlin();
    expect([status, headers['content-type'], text]).toEqual([200, 'text/html', '<html>']);
  });

  test('a reset connection', async () => {
    upstreams.search.fault({ kind: 'reset' });
    await expect(berlin()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstreams.search.requests).toHaveLength(1);
  });

  test('a delay before the correct response', async () => {
    upstreams.search.fault({ kind: 'delay', ms: 5 });
    expect((await berlin()).status).toBe(200);
  });

  test.each([{ kind: 'hang' } as const, { kind: 'delay', ms: 3_600_000 } as const])(
    'close() ends a request that waits in a $kind',
    async (fault) => {
      upstreams.search.fault(fault);
      const waiting = expect(berlin()).rejects.toMatchObject({ code: 'ECONNRESET' });
      await expect.poll(() => upstreams.search.requests.length).toBe(1);
      await upstreams.close();
      await waiting;
      await expect(berlin()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );
});

describe('malformed input', () => {
  test('a body above the limit is rejected with 413', async () => {
    const body = 'x'.repeat(600 * 1024);
    const { status } = await send(`${upstreams.readings.url}/v1/forecast`, { method: 'POST', body });
    expect(status).toBe(413);
    expect(upstreams.readings.requests[0]?.body.length).toBeLessThanOrEqual(512 * 1024);
  });

  test.each([
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400],
    ['a target that is not a path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    [
      'a malformed % in the query',
      'GET /v1/search?name=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      200,
    ],
    ['two slashes', 'GET //v1/search HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ])('%s: the status is below 500', async (_, bytes, status) => {
    expect(await raw(upstreams.search.url, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('the server survives a client that disconnects in the body', async () => {
    const socket = connect(Number(new URL(upstreams.search.url).port), '127.0.0.1');
    socket.write('POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', () =>
      socket.destroy(),
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await berlin()).status).toBe(200);
  });
});

test('close() can be called twice', async () => {
  await upstreams.close();
  await upstreams.items.close();
  await upstreams.close();
});

/** Sends raw bytes and returns everything that is received. */
function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
