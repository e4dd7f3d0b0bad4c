import { describe, expect, test } from 'vitest';
import { answering, inTurn, json, ok, okay, type Script, startRawServer } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

const failing = answering('500 No', json, '{}');
const waitOneSecond = (status: number) => answering(`${status} Later`, { 'retry-after': '1' });
type Overrides = NonNullable<Parameters<typeof oneEndpointAt>[1]>;

async function setUp(script: Script, endpoint: Overrides = {}) {
  const { url, heads } = await startRawServer(script);
  const { observer, tried } = recordingObserver();
  const upstream = oneEndpointAt(url, endpoint);
  const client = clientOf({}, { observer });
  const ask = (signal?: AbortSignal) => client.request(upstream, upstream.endpoints.only, {}, { signal });
  return { ask, heads, tried };
}

const keysOf = (heads: readonly string[]) => heads.map((head) => /^idempotency-key: (.+)$/im.exec(head)?.[1]);

describe('what may be repeated', () => {
  test.each([
    { method: 'POST' },
    { method: 'PUT' },
    { method: 'PATCH' },
    { method: 'DELETE' },
    { method: 'POST', idempotency: 'none' },
    { method: 'GET', idempotency: 'none' },
  ] as const)('not %o', async (endpoint) => {
    for (const script of [
      failing,
      (socket) => socket.resetAndDestroy(),
      waitOneSecond(429),
    ] satisfies Script[]) {
      const { ask, heads, tried } = await setUp(script, endpoint);
      await upstreamFailureOf(ask());
      expect([heads.length, tried.length]).toEqual([1, 1]);
    }
  });

  test.each([
    { method: 'GET' },
    { method: 'POST', idempotency: 'safe' },
    { method: 'POST', idempotency: 'keyed' },
    { method: 'DELETE', idempotency: 'keyed' },
  ] as const)('%o, at most twice', async (endpoint) => {
    const mended = await setUp(inTurn(failing, failing, okay), endpoint);
    expect((await mended.ask()).data).toEqual({ ok: true });
    expect(mended.heads).toHaveLength(3);
    const broken = await setUp(inTurn(failing, failing, failing, okay), endpoint);
    expect((await upstreamFailureOf(broken.ask())).fault).toBe('server_error');
    expect(broken.heads).toHaveLength(3);
  });

  test('a keyed call has one key in all its tries, and another call another', async () => {
    const { ask, heads } = await setUp(inTurn(failing, failing, okay, failing, okay), {
      method: 'POST',
      idempotency: 'keyed',
    });
    await ask();
    await ask();
    const keys = keysOf(heads);
    expect(keys).toHaveLength(5);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(new Set(keys.slice(3)).size).toBe(1);
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => key && key.length >= 16)).toBe(true);
  });

  test('one that is not keyed has none', async () => {
    const { ask, heads } = await setUp(okay, { method: 'POST', idempotency: 'safe' });
    await ask();
    expect(keysOf(heads)).toEqual([undefined]);
  });
});

describe('Retry-After', () => {
  test.each([429, 503, 403])('%d: within the deadline it is waited for', async (status) => {
    const times: number[] = [];
    const answer = inTurn(waitOneSecond(status), okay);
    const { ask } = await setUp((socket, head) => {
      times.push(performance.now());
      answer(socket, head);
    });
    expect((await ask()).data).toEqual({ ok: true });
    expect(times).toHaveLength(2);
    const [first = 0, second = 0] = times;
    // Timers may be a little early.
    expect(second - first).toBeGreaterThan(980);
  });

  test.each([429, 503])('%d: beyond the deadline it is not', async (status) => {
    const { ask, heads } = await setUp(inTurn(waitOneSecond(status), okay), { deadline: 900 });
    expect(await upstreamFailureOf(ask())).toMatchObject({ retryAfterSeconds: 1 });
    expect(heads).toHaveLength(1);
  });
});

test('a whole upstream that fails gets no third of its calls again', async () => {
  // 429 is not counted by the breaker, so nothing else stops the retries.
  const { ask, heads } = await setUp(answering('429 No', { 'retry-after': '0' }));
  const calls = 40;
  for (let call = 0; call < calls; call += 1) await upstreamFailureOf(ask());
  expect(heads.length).toBeGreaterThanOrEqual(calls + 10);
  expect(heads.length).toBeLessThanOrEqual(calls + 10 + calls * 0.1);
});

describe('a caller that leaves', () => {
  test('between two tries', async () => {
    const abort = new AbortController();
    const { ask, heads, tried } = await setUp(inTurn(waitOneSecond(503), okay));
    const failed = upstreamFailureOf(ask(abort.signal));
    await expect.poll(() => tried.length).toBe(1);
    abort.abort();
    await failed;
    expect(heads).toHaveLength(1);
  });

  test('within a try', async () => {
    const abort = new AbortController();
    const { ask, heads, tried } = await setUp((socket) => {
      abort.abort();
      socket.write(ok);
    });
    expect((await upstreamFailureOf(ask(abort.signal))).fault).toBe('cancelled');
    expect(heads).toHaveLength(1);
    expect(tried).toEqual(['sample cancelled']);
  });
});
