import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance } from './fickle.ts';
import { answering, inTurn, okay, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver, upstreamFailureOf } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});
const later = (status: number, seconds: number | string) =>
  answering(`${status} Later`, { 'retry-after': String(seconds) });

async function setUp(script: Script) {
  const { url, heads } = await startRawServer(script);
  const upstream = oneEndpointAt(url, { idempotency: 'none' });
  const { observer, tried, called } = recordingObserver();
  const client = clientOf({}, { observer, upstreams: [upstream] });
  const ask = () => client.request(upstream, upstream.endpoints.only, {});
  const expectPaused = async (retryAfterSeconds: number) =>
    expect(await upstreamFailureOf(ask())).toMatchObject({
      fault: 'paused',
      reason: 'upstream_overloaded',
      httpStatus: 503,
      retryAfterSeconds,
    });
  return { ask, expectPaused, heads, tried, called, client };
}

test.each([
  [429, 'throttled'],
  [403, 'throttled'],
  [503, 'unavailable'],
] as const)('after %d that says when, nothing is sent until then', async (status, fault) => {
  const { ask, expectPaused, heads, tried, called } = await setUp(inTurn(later(status, 7), okay));
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
  expect(tried).toEqual(outcomes);
  expect(called).toEqual(outcomes);
});

test('a date is a time too', async () => {
  const { ask, expectPaused } = await setUp(later(429, 'Mon, 01 Jun 2026 00:00:20 GMT'));
  await upstreamFailureOf(ask());
  advance(5_000);
  await expectPaused(15);
});

test('it is not left alone for longer than a cap', async () => {
  const { ask, expectPaused, heads } = await setUp(inTurn(later(429, 3_000), okay));
  expect((await upstreamFailureOf(ask())).retryAfterSeconds).toBe(3_000);
  await expectPaused(limits.upstream.pauseCap / 1000);
  advance(limits.upstream.pauseCap - 1);
  await expectPaused(1);
  expect(heads).toHaveLength(1);
  advance(1);
  expect((await ask()).data).toEqual({ ok: true });
});

test.each([
  ['429 that does not say when', answering('429 Later', {})],
  ['429 that says now', later(429, 0)],
  ['429 that says nonsense', later(429, 'soon')],
  ['500', later(500, 30)],
  ['400', later(400, 30)],
] as const)('%s: the next call is sent', async (_, script) => {
  const { ask, heads } = await setUp(inTurn(script, okay));
  await upstreamFailureOf(ask());
  expect((await ask()).data).toEqual({ ok: true });
  expect(heads).toHaveLength(2);
});

test('of two that were under way the longer counts', async () => {
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

test('a pause is no failure of the upstream for its breaker', async () => {
  const { ask, expectPaused, client } = await setUp(later(429, 30));
  await upstreamFailureOf(ask());
  for (let call = 0; call < 2 * limits.upstream.breaker.minimumAttempts; call += 1) await expectPaused(30);
  expect(client.status()).toMatchObject([{ breaker: 'closed' }]);
});

test('other upstreams are asked as ever', async () => {
  const tired = oneEndpointAt((await startRawServer(later(429, 30))).url, {}, 'tired');
  const well = oneEndpointAt((await startRawServer(okay)).url, {}, 'well');
  const client = clientOf();
  await upstreamFailureOf(client.request(tired, tired.endpoints.only, {}));
  expect((await client.request(well, well.endpoints.only, {})).data).toEqual({ ok: true });
});
