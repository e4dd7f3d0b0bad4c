import { describe, expect, test } from 'vitest';
import { inSequence, json, ok, respondOk, respondWith, type Script, startRawServer } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

const failing = respondWith('500 No', json, '{}');
const waitOneSecond = (status: number) => respondWith(`${status} Later`, { 'retry-after': '1' });
type Overrides = NonNullable<Parameters<typeof oneEndpointAt>[1]>;

async function setUp(script: Script, endpoint: Overrides = {}) {
  const { url, heads } = await startRawServer(script);
  const { observer, attempts } = recordingObserver();
  const upstream = oneEndpointAt(url, endpoint);
  const client = clientOf({}, { observer });
  const ask = (signal?: AbortSignal) => client.request(upstream, upstream.endpoints.only, {}, { signal });
  return { ask, heads, attempts };
}

const keysOf = (heads: readonly string[]) => heads.map((head) => /^idempotency-key: (.+)$/im.exec(head)?.[1]);

describe('a retry', () => {
  test.each([
    { method: 'POST' },
    { method: 'PUT' },
    { method: 'PATCH' },
    { method: 'DELETE' },
    { method: 'POST', idempotency: 'none' },
    { method: 'GET', idempotency: 'none' },
  ] as const)('never happens for %o', async (endpoint) => {
    for (const script of [
      failing,
      (socket) => socket.resetAndDestroy(),
      waitOneSecond(429),
    ] satisfies Script[]) {
      const { ask, heads, attempts } = await setUp(script, endpoint);
      await upstreamFailureOf(ask());
      expect([heads.length, attempts.length]).toEqual([1, 1]);
    }
  });

  test.each([
    { method: 'GET' },
    { method: 'POST', idempotency: 'safe' },
    { method: 'POST', idempotency: 'keyed' },
    { method: 'DELETE', idempotency: 'keyed' },
  ] as const)('happens at most twice for %o', async (endpoint) => {
    const mended = await setUp(inSequence(failing, failing, respondOk), endpoint);
    expect((await mended.ask()).data).toEqual({ ok: true });
    expect(mended.heads).toHaveLength(3);
    const broken = await setUp(inSequence(failing, failing, failing, respondOk), endpoint);
    expect((await upstreamFailureOf(broken.ask())).fault).toBe('server_error');
    expect(broken.heads).toHaveLength(3);
  });

  test('repeats the idempotency key of its call, and another call has another key', async () => {
    const { ask, heads } = await setUp(inSequence(failing, failing, respondOk, failing, respondOk), {
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

  test('a call that is not keyed has no idempotency key', async () => {
    const { ask, heads } = await setUp(respondOk, { method: 'POST', idempotency: 'safe' });
    await ask();
    expect(keysOf(heads)).toEqual([undefined]);
  });
});

describe('Retry-After', () => {
  test.each([429, 503, 403])('of a %d within the deadline is waited for', async (status) => {
    const times: number[] = [];
    const respond = inSequence(waitOneSecond(status), respondOk);
    const { ask } = await setUp((socket, head) => {
      times.push(performance.now());
      respond(socket, head);
    });
    expect((await ask()).data).toEqual({ ok: true });
    expect(times).toHaveLength(2);
    const [first = 0, second = 0] = times;
    // Timers can fire slightly early.
    expect(second - first).toBeGreaterThan(980);
  });

  test.each([429, 503])('of a %d beyond the deadline is not waited for', async (status) => {
    const { ask, heads } = await setUp(inSequence(waitOneSecond(status), respondOk), { deadline: 900 });
    expect(await upstreamFailureOf(ask())).toMatchObject({ retryAfterSeconds: 1 });
    expect(heads).toHaveLength(1);
  });
});

test('the retry budget limits retries to 10 plus a tenth of the calls', async () => {
  // The circuit breaker does not count a 429, so only the budget stops the retries.
  const { ask, heads } = await setUp(respondWith('429 No', { 'retry-after': '0' }));
  const calls = 40;
  for (let call = 0; call < calls; call += 1) await upstreamFailureOf(ask());
  expect(heads.length).toBeGreaterThan(calls + 10);
  expect(heads.length).toBeLessThanOrEqual(calls + 10 + calls * 0.1);
});

describe('no attempt follows a disconnect of the caller', () => {
  test('between two attempts', async () => {
    const abort = new AbortController();
    const { ask, heads, attempts } = await setUp(inSequence(waitOneSecond(503), respondOk));
    const failed = upstreamFailureOf(ask(abort.signal));
    await expect.poll(() => attempts.length).toBe(1);
    abort.abort();
    expect((await failed).fault).toBe('unavailable');
    expect(attempts).toEqual(['sample unavailable']);
    expect(heads).toHaveLength(1);
  });

  test('during an attempt', async () => {
    const abort = new AbortController();
    const { ask, heads, attempts } = await setUp((socket) => {
      abort.abort();
      socket.write(ok);
    });
    expect((await upstreamFailureOf(ask(abort.signal))).fault).toBe('cancelled');
    expect(heads).toHaveLength(1);
    expect(attempts).toEqual(['sample cancelled']);
  });
});
