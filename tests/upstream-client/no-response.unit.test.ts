import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, ok, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, reasonFor, upstreamAt } from './support.ts';

describe('a request fails with upstream_unreachable for', () => {
  test('a refused connection', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    await new Promise((resolve) => server.close(resolve));
    const upstream = upstreamAt(`http://127.0.0.1:${address.port}`);
    const failure = await failureOf(clientOf().request(upstream, upstream.endpoints.json, {}));
    expect(failure.reason).toBe('upstream_unreachable');
    expect(
      JSON.stringify([failure.message, failure.toData({ path: null, requestId: 'test' })]),
    ).not.toContain(String(address.port));
  });

  test('an unknown host name', async () => {
    const upstream = upstreamAt('http://upstream.invalid');
    const failure = await failureOf(clientOf().request(upstream, upstream.endpoints.json, {}));
    expect(failure.reason).toBe('upstream_unreachable');
    expect(failure.message).not.toContain('upstream.invalid');
  });

  test('a reset before the response', async () => {
    expect(await reasonFor((socket) => socket.resetAndDestroy())).toBe('upstream_unreachable');
  });

  test('a close before the response', async () => {
    expect(await reasonFor((socket) => socket.end())).toBe('upstream_unreachable');
  });

  test('a close within the headers, or with upstream_bad_answer', async () => {
    expect(await reasonFor((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty'))).toMatch(
      /^upstream_(unreachable|bad_answer)$/,
    );
  });
});

test('a client keeps working after a fault', async () => {
  let hits = 0;
  const script: Script = (socket) => {
    hits += 1;
    // The first call and its retries.
    if (hits <= 1 + limits.upstream.retries) socket.resetAndDestroy();
    else socket.write(wire('200 OK', json, ok));
  };
  const { url } = await startRawServer(script);
  const upstream = upstreamAt(url);
  const client = clientOf();
  expect((await failureOf(client.request(upstream, upstream.endpoints.json, {}))).reason).toBe(
    'upstream_unreachable',
  );
  expect(await client.request(upstream, upstream.endpoints.json, {})).toMatchObject({ data: { ok: true } });
});
