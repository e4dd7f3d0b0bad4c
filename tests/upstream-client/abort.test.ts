import { describe, expect, test } from 'vitest';
import { json, ok, okay, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

describe('a caller that leaves', () => {
  test('ends its own exchange', async () => {
    const asked = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      asked.resolve();
    });
    const upstream = upstreamAt(url);
    const abort = new AbortController();
    const failing = failureOf(
      clientOf().request(upstream, upstream.endpoints.json, {}, { signal: abort.signal }),
    );
    await asked.promise;
    abort.abort();
    expect((await failing).reason).toMatch(/^upstream_/);
    await closed.promise;
  });

  test('does not end a load that others wait for', async () => {
    const asked = Promise.withResolvers<() => void>();
    const { url, heads } = await startRawServer((socket) => {
      asked.resolve(() => socket.write(wire('200 OK', json, ok)));
    });
    const upstream = upstreamAt(url);
    const client = clientOf();
    const abort = new AbortController();
    const { remembered } = upstream.endpoints;
    const first = client
      .procedureAnswer(upstream, remembered, {}, { signal: abort.signal })
      .catch(() => undefined);
    const second = client.procedureAnswer(upstream, remembered, {});
    const answer = await asked.promise;
    abort.abort();
    answer();
    expect(await second).toMatchObject({ data: { ok: true }, meta: { status: 200, cache: 'miss' } });
    await first;
    expect(heads).toHaveLength(1);
  });
});

test('after close nothing more is asked', async () => {
  const { url, heads } = await startRawServer(okay);
  const upstream = upstreamAt(url);
  const client = clientOf();
  await client.request(upstream, upstream.endpoints.json, {});
  await client.close();
  await failureOf(client.request(upstream, upstream.endpoints.json, {}));
  expect(heads).toHaveLength(1);
});
