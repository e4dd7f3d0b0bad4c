import { afterEach, describe, expect, test, vi } from 'vitest';
import { answering, json, ok, okay, type Script, startRawServer } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

describe('memory', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A server whose answers follow a list; the last one goes on. */
  function following(...scripts: [Script, ...Script[]]): Script {
    let next = 0;
    return (socket, head) => {
      const script = scripts[Math.min(next, scripts.length - 1)];
      next += 1;
      script?.(socket, head);
    };
  }

  async function setUp(script: Script) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00Z') });
    const { url, heads } = await startRawServer(script);
    const upstream = upstreamAt(url);
    const client = clientOf();
    return {
      heads,
      client,
      upstream,
      ask: () => client.procedureAnswer(upstream, upstream.endpoints.remembered, {}),
    };
  }
  const advance = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

  test('an endpoint with windows is asked once within them', async () => {
    const { ask, heads } = await setUp(okay);
    expect(await ask()).toEqual({ data: { ok: true }, meta: { status: 200, ageSeconds: 0, cache: 'miss' } });
    advance(59_999);
    expect(await ask()).toEqual({ data: { ok: true }, meta: { status: 200, ageSeconds: 59, cache: 'hit' } });
    expect(heads).toHaveLength(1);
    advance(1);
    expect((await ask()).meta.cache).toBe('miss');
    expect(heads).toHaveLength(2);
  });

  test('one without is asked each time', async () => {
    const { client, upstream, heads } = await setUp(okay);
    for (let call = 0; call < 2; call += 1) {
      const { meta } = await client.procedureAnswer(upstream, upstream.endpoints.json, {});
      expect(meta).toEqual({ status: 200, ageSeconds: 0, cache: 'miss' });
    }
    expect(heads).toHaveLength(2);
  });

  test.each([
    ['fails', answering('500 No', json, ok)],
    ['is overloaded', answering('503 No', json, ok)],
    ['resets', (socket) => socket.resetAndDestroy()],
  ] as [string, Script][])('while the upstream %s the old answer stands in', async (_, fault) => {
    const { ask } = await setUp(following(okay, fault));
    await ask();
    advance(3_599_999);
    expect(await ask()).toEqual({
      data: { ok: true },
      meta: { status: 200, ageSeconds: 3599, cache: 'stale' },
    });
    advance(1);
    expect((await failureOf(ask())).reason).toMatch(/^upstream_/);
  });

  test('a 404 is the upstream at work, not its failure: what is gone there is gone here', async () => {
    const { ask } = await setUp(following(okay, answering('404 No', json, '{}')));
    await ask();
    advance(60_000);
    expect((await failureOf(ask())).reason).toBe('not_found');
  });

  test('a failure is not remembered', async () => {
    const { ask, heads } = await setUp(following(answering('404 No', json, '{}'), okay));
    expect((await failureOf(ask())).reason).toBe('not_found');
    expect((await ask()).meta.cache).toBe('miss');
    expect(heads).toHaveLength(2);
  });

  test('the answers of two upstreams at equal paths are two', async () => {
    const one = await startRawServer(okay);
    const two = await startRawServer(answering('200 OK', json, '{"ok":false}'));
    const client = clientOf();
    const first = upstreamAt(one.url);
    const second = { ...upstreamAt(two.url), name: 'second' };
    const answers = [
      await client.procedureAnswer(first, first.endpoints.remembered, {}),
      await client.procedureAnswer(second, second.endpoints.remembered, {}),
    ];
    expect(answers.map(({ data }) => data)).toEqual([{ ok: true }, { ok: false }]);
  });
});
