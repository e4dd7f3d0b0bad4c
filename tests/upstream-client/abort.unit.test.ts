import { describe, expect, test } from 'vitest';
import { json, ok, respondOk, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

describe('a caller that disconnects', () => {
  test('aborts its own exchange', async () => {
    const received = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      received.resolve();
    });
    const upstream = upstreamAt(url);
    const abort = new AbortController();
    const failing = failureOf(
      clientOf().request(upstream, upstream.endpoints.json, {}, { signal: abort.signal }),
    );
    await received.promise;
    abort.abort();
    expect((await failing).reason).toMatch(/^upstream_/);
    await closed.promise;
  });

  test('does not abort a load that other callers wait for', async () => {
    const received = Promise.withResolvers<() => void>();
    const { url, heads } = await startRawServer((socket) => {
      received.resolve(() => socket.write(wire('200 OK', json, ok)));
    });
    const upstream = upstreamAt(url);
    const client = clientOf();
    const abort = new AbortController();
    const { cached } = upstream.endpoints;
    const first = client
      .requestWithMeta(upstream, cached, {}, { signal: abort.signal })
      .catch(() => undefined);
    const second = client.requestWithMeta(upstream, cached, {});
    const respond = await received.promise;
    abort.abort();
    respond();
    expect(await second).toMatchObject({ data: { ok: true }, meta: { status: 200, cache: 'miss' } });
    await first;
    expect(heads).toHaveLength(1);
  });
});

test('a closed client sends no more requests', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url);
  const client = clientOf();
  await client.request(upstream, upstream.endpoints.json, {});
  await client.close();
  await failureOf(client.request(upstream, upstream.endpoints.json, {}));
  expect(heads).toHaveLength(1);
});
