import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { failing } from './flaky.ts';
import { respondOk, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, oneEndpointAt, upstreamFailureOf } from './support.ts';

const { minimumAttempts } = limits.upstream.breaker;
const waiting = 3;

/** Sets up an upstream with one connection, so that all calls but one wait. */
async function setUp(script: Script, idempotency: 'safe' | 'none' = 'none') {
  const { url, heads } = await startRawServer(script);
  const upstream = {
    ...oneEndpointAt(url, { idempotency }),
    limits: { connections: 1, queue: 2 * minimumAttempts },
  };
  const client = clientOf({}, { upstreams: [upstream] });
  return { heads, client, ask: () => client.request(upstream, upstream.endpoints.only, {}) };
}

describe('calls that wait for a connection are not sent', () => {
  test('after the circuit has opened', async () => {
    const { ask, heads, client } = await setUp(failing);
    const calls = Array.from({ length: minimumAttempts + waiting }, () => upstreamFailureOf(ask()));
    const faults = (await Promise.all(calls)).map(({ fault }) => fault);
    expect(faults).toEqual([
      ...Array.from({ length: minimumAttempts }, () => 'server_error'),
      ...Array.from({ length: waiting }, () => 'breaker_open'),
    ]);
    expect(heads).toHaveLength(minimumAttempts);
    expect(client.status()).toMatchObject([{ breaker: 'open' }]);
  });

  test('after the upstream has asked for a pause', async () => {
    const { ask, heads } = await setUp(respondWith('429 Later', { 'retry-after': '30' }));
    const failures = await Promise.all(Array.from({ length: 1 + waiting }, () => upstreamFailureOf(ask())));
    expect(failures.map(({ fault }) => fault)).toEqual([
      'throttled',
      ...Array.from({ length: waiting }, () => 'paused'),
    ]);
    expect(failures.map(({ retryAfterSeconds }) => retryAfterSeconds)).toEqual([30, 30, 30, 30]);
    expect(heads).toHaveLength(1);
  });
});

test('calls that wait for a connection are sent in the order of their arrival', async () => {
  const { ask, heads } = await setUp(respondOk);
  const order: number[] = [];
  await Promise.all(Array.from({ length: 5 }, (_, at) => ask().then(() => order.push(at))));
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(heads).toHaveLength(5);
});

test('a call is not retried while the upstream is paused', async () => {
  const held: ((response: Buffer) => void)[] = [];
  const { url, heads } = await startRawServer((socket) => held.push((response) => socket.write(response)));
  const upstream = oneEndpointAt(url, { idempotency: 'safe' });
  const client = clientOf();
  const ask = () => client.request(upstream, upstream.endpoints.only, {});
  const failed = upstreamFailureOf(ask());
  const paused = upstreamFailureOf(ask());
  await expect.poll(() => held.length).toBe(2);
  held[1]?.(wire('429 Later', { 'retry-after': '30' }));
  expect(await paused).toMatchObject({ fault: 'throttled', retryAfterSeconds: 30 });
  held[0]?.(wire('500 No', {}));
  expect(await failed).toMatchObject({ fault: 'server_error' });
  expect(heads).toHaveLength(2);
});
