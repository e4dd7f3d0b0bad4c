import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { inSequence, respondOk, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

fakeClocks();
const later = (status: number, seconds: number | string) =>
  respondWith(`${status} Later`, { 'retry-after': String(seconds) });

async function setUp(script: Script) {
  const { url, heads } = await startRawServer(script);
  const upstream = oneEndpointAt(url, { idempotency: 'none' });
  const { observer, attempts, calls } = recordingObserver();
  const client = clientOf({}, { observer, upstreams: [upstream] });
  const ask = () => client.request(upstream, upstream.endpoints.only, {});
  const expectPaused = async (retryAfterSeconds: number) =>
    expect(await upstreamFailureOf(ask())).toMatchObject({
      fault: 'paused',
      reason: 'upstream_overloaded',
      httpStatus: 503,
      retryAfterSeconds,
    });
  return { ask, expectPaused, heads, attempts, calls, client };
}

test.each([
  [429, 'throttled'],
  [403, 'throttled'],
  [503, 'unavailable'],
] as const)('after a %d with Retry-After no request is sent until then', async (status, fault) => {
  const { ask, expectPaused, heads, attempts, calls } = await setUp(inSequence(later(status, 7), respondOk));
  expect(await upstreamFailureOf(ask())).toMatchObject({ fault, retryAfterSeconds: 7 });
  await expectPaused(7);
  advance(3_000);
  await expectPaused(4);
  advance(3_999);
  await expectPaused(1);
  expect(heads).toHaveLength(1);
  advance(1);
  expect((await ask()).data).toEqual({ ok: true });
  expect(heads).toHaveLength(2);
  const outcomes = [fault, 'paused', 'paused', 'paused', 'ok'].map((outcome) => `sample ${outcome}`);
  expect(attempts).toEqual(outcomes);
  expect(calls).toEqual(outcomes);
});

test('Retry-After can be a date', async () => {
  const { ask, expectPaused } = await setUp(later(429, 'Mon, 01 Jun 2026 00:00:20 GMT'));
  await upstreamFailureOf(ask());
  advance(5_000);
  await expectPaused(15);
});

test('a stated pause is capped', async () => {
  const cap = limits.upstream.retryAfterCap;
  const { ask, expectPaused, heads } = await setUp(inSequence(later(429, 10 * cap), respondOk));
  expect((await upstreamFailureOf(ask())).retryAfterSeconds).toBe(cap);
  advance(cap * 1000 - 1);
  await expectPaused(1);
  expect(heads).toHaveLength(1);
  advance(1);
  expect((await ask()).data).toEqual({ ok: true });
});

test.each([
  [
    'a 403 of GitHub',
    '403 Forbidden',
    {
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.parse('2026-06-01T00:30:00Z') / 1000),
    },
  ],
  [
    'a 429 of GitHub',
    '429 Later',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.parse('2026-06-01T00:30:00Z') / 1000) },
  ],
  ['a 403 with RateLimit', '403 Forbidden', { ratelimit: '"default";r=0;t=1800' }],
  ['a 503 with RateLimit', '503 Later', { ratelimit: 'limit=100, remaining=0, reset=1800' }],
] as const)('after %s no request is sent until the limit is reset', async (_, status, headers) => {
  const { ask, expectPaused, heads, client } = await setUp(
    inSequence(respondWith(status, headers, '{"message":"API rate limit exceeded"}'), respondOk),
  );
  expect(await upstreamFailureOf(ask())).toMatchObject({
    reason: 'upstream_overloaded',
    httpStatus: 503,
    retryAfterSeconds: 1_800,
  });
  advance(1_799_000);
  await expectPaused(1);
  expect(heads).toHaveLength(1);
  advance(1_000);
  expect((await ask()).data).toEqual({ ok: true });
  expect(client.status()).toMatchObject([{ breaker: 'closed' }]);
});

describe('a 429 that states no time', () => {
  const silent = respondWith(
    '429 Later',
    {},
    '{"error":true,"reason":"Minutely API request limit exceeded."}',
  );
  const { throttlePause, throttlePauseCap } = limits.upstream;

  test.each([
    ['without Retry-After', silent],
    ['with an invalid Retry-After', later(429, 'soon')],
    [
      'with requests left in another limit',
      respondWith('429 Later', { 'x-ratelimit-remaining': '57', 'x-ratelimit-reset': '9' }),
    ],
  ] as const)('%s pauses the upstream for a time of our own', async (_, script) => {
    const { ask, expectPaused, heads } = await setUp(inSequence(script, respondOk));
    expect((await upstreamFailureOf(ask())).retryAfterSeconds).toBe(throttlePause / 1000);
    for (let call = 0; call < 8; call += 1) await expectPaused(throttlePause / 1000);
    expect(heads).toHaveLength(1);
    advance(throttlePause);
    expect((await ask()).data).toEqual({ ok: true });
  });

  test('doubles the pause each time, up to a cap, until a call succeeds', async () => {
    const { ask, expectPaused, heads } = await setUp(
      inSequence(...Array.from({ length: 8 }, () => silent), respondOk, silent),
    );
    for (let count = 0; count < 8; count += 1) {
      const pause = Math.min(throttlePause * 2 ** count, throttlePauseCap);
      expect((await upstreamFailureOf(ask())).retryAfterSeconds).toBe(pause / 1000);
      await expectPaused(pause / 1000);
      advance(pause);
    }
    expect((await ask()).data).toEqual({ ok: true });
    expect((await upstreamFailureOf(ask())).retryAfterSeconds).toBe(throttlePause / 1000);
    expect(heads).toHaveLength(10);
  });

  test('counts once for requests that were already sent', async () => {
    const held: (() => void)[] = [];
    const { ask, expectPaused } = await setUp((socket) => {
      held.push(() => socket.write(wire('429 Later', {})));
    });
    const calls = Array.from({ length: 8 }, () => upstreamFailureOf(ask()));
    await expect.poll(() => held.length).toBe(8);
    for (const respond of held) respond();
    await Promise.all(calls);
    await expectPaused(throttlePause / 1000);
  });
});

test.each([
  ['a 429 with Retry-After: 0', later(429, 0)],
  ['a 503 without Retry-After', respondWith('503 Later', {})],
  ['a 500 with Retry-After', later(500, 30)],
  ['a 400 with Retry-After', later(400, 30)],
  [
    'a 403 with requests left',
    respondWith('403 No', { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '9' }),
  ],
] as const)('%s does not pause the next call', async (_, script) => {
  const { ask, heads } = await setUp(inSequence(script, respondOk));
  await upstreamFailureOf(ask());
  expect((await ask()).data).toEqual({ ok: true });
  expect(heads).toHaveLength(2);
});

test('the longer of two concurrent pauses applies', async () => {
  const held: ((seconds: number) => void)[] = [];
  const { ask, expectPaused } = await setUp((socket) => {
    held.push((seconds) => socket.write(wire('429 Later', { 'retry-after': String(seconds) })));
  });
  const calls = [upstreamFailureOf(ask()), upstreamFailureOf(ask())];
  await expect.poll(() => held.length).toBe(2);
  held[0]?.(30);
  await Promise.race(calls);
  held[1]?.(5);
  await Promise.all(calls);
  await expectPaused(30);
});

test('paused calls do not count as failures for the circuit breaker', async () => {
  const { ask, expectPaused, client } = await setUp(later(429, 30));
  await upstreamFailureOf(ask());
  for (let call = 0; call < 2 * limits.upstream.breaker.minimumAttempts; call += 1) await expectPaused(30);
  expect(client.status()).toMatchObject([{ breaker: 'closed' }]);
});

test('other upstreams are not paused', async () => {
  const tired = oneEndpointAt((await startRawServer(later(429, 30))).url, {}, 'tired');
  const well = oneEndpointAt((await startRawServer(respondOk)).url, {}, 'well');
  const client = clientOf();
  await upstreamFailureOf(client.request(tired, tired.endpoints.only, {}));
  expect((await client.request(well, well.endpoints.only, {})).data).toEqual({ ok: true });
});
