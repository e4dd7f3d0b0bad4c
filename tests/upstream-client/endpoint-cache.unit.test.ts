import { describe, expect, test } from 'vitest';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { json, ok, respondOk, respondWith, type Script, startRawServer } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

describe('the response cache of the client', () => {
  fakeClocks();

  /** Handles each request with the next script. The last script is repeated. */
  function following(...scripts: [Script, ...Script[]]): Script {
    let next = 0;
    return (socket, head) => {
      const script = scripts[Math.min(next, scripts.length - 1)];
      next += 1;
      script?.(socket, head);
    };
  }

  async function setUp(script: Script) {
    const { url, heads } = await startRawServer(script);
    const upstream = upstreamAt(url);
    const client = clientOf();
    return {
      heads,
      client,
      upstream,
      ask: () => client.requestWithMeta(upstream, upstream.endpoints.cached, {}),
    };
  }

  test('an endpoint with cache windows is requested once while fresh', async () => {
    const { ask, heads } = await setUp(respondOk);
    expect(await ask()).toEqual({ data: { ok: true }, meta: { status: 200, ageSeconds: 0, cache: 'miss' } });
    advance(59_999);
    expect(await ask()).toEqual({ data: { ok: true }, meta: { status: 200, ageSeconds: 59, cache: 'hit' } });
    expect(heads).toHaveLength(1);
    advance(1);
    expect((await ask()).meta.cache).toBe('miss');
    expect(heads).toHaveLength(2);
  });

  test('an endpoint without cache windows is requested each time', async () => {
    const { client, upstream, heads } = await setUp(respondOk);
    for (let call = 0; call < 2; call += 1) {
      const { meta } = await client.requestWithMeta(upstream, upstream.endpoints.json, {});
      expect(meta).toEqual({ status: 200, ageSeconds: 0, cache: 'miss' });
    }
    expect(heads).toHaveLength(2);
  });

  test.each([
    ['fails', respondWith('500 No', json, ok)],
    ['is overloaded', respondWith('503 No', json, ok)],
    ['resets', (socket) => socket.resetAndDestroy()],
  ] as [string, Script][])('the stale response is served while the upstream %s', async (_, fault) => {
    const { ask } = await setUp(following(respondOk, fault));
    await ask();
    advance(3_599_999);
    expect(await ask()).toEqual({
      data: { ok: true },
      meta: { status: 200, ageSeconds: 3599, cache: 'stale' },
    });
    advance(1);
    expect((await failureOf(ask())).reason).toMatch(/^upstream_/);
  });

  test('a 404 does not count as a failure, so the stale response is not served', async () => {
    const { ask } = await setUp(following(respondOk, respondWith('404 No', json, '{}')));
    await ask();
    advance(60_000);
    expect((await failureOf(ask())).reason).toBe('not_found');
  });

  test('a failure is not cached', async () => {
    const { ask, heads } = await setUp(following(respondWith('404 No', json, '{}'), respondOk));
    expect((await failureOf(ask())).reason).toBe('not_found');
    expect((await ask()).meta.cache).toBe('miss');
    expect(heads).toHaveLength(2);
  });

  test('two upstreams with equal paths have separate entries', async () => {
    const one = await startRawServer(respondOk);
    const two = await startRawServer(respondWith('200 OK', json, '{"ok":false}'));
    const client = clientOf();
    const first = upstreamAt(one.url);
    const second = { ...upstreamAt(two.url), name: 'second' };
    const responses = [
      await client.requestWithMeta(first, first.endpoints.cached, {}),
      await client.requestWithMeta(second, second.endpoints.cached, {}),
    ];
    expect(responses.map(({ data }) => data)).toEqual([{ ok: true }, { ok: false }]);
  });
});
