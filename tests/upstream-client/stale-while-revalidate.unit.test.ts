import { expect, test } from 'vitest';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { json, respondOk, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, oneEndpointAt } from './support.ts';

const cache = { freshFor: 10_000, staleWhileRevalidateFor: 60_000, staleIfErrorFor: 600_000 };
const broken = respondWith('500 No', json, '{}');
/** A failure that is neither retried nor counted by the circuit breaker, so that each causes one request. */
const rejected = respondWith('400 No', json, '{}');

fakeClocks();

/** Sets up an upstream whose behaviour can change. */
async function setUp() {
  let behave: Script = respondOk;
  const { url, heads } = await startRawServer((socket, head) => behave(socket, head));
  const upstream = oneEndpointAt(url, { cache, mayBeMissing: true });
  const client = clientOf();
  return {
    heads,
    ask: (options?: { signal: AbortSignal }) =>
      client.request(upstream, upstream.endpoints.only, {}, options),
    from: (script: Script) => {
      behave = script;
    },
  };
}

test('a hundred concurrent equal calls cause one request', async () => {
  const { ask, heads } = await setUp();
  const responses = await Promise.all(Array.from({ length: 100 }, () => ask()));
  expect(heads).toHaveLength(1);
  expect(new Set(responses.map(({ data }) => JSON.stringify(data)))).toEqual(new Set(['{"ok":true}']));
});

test('ten calls after the fresh window get the stale response at once and cause one refresh', async () => {
  const { ask, heads } = await setUp();
  await ask();
  advance(30_000);
  const responses = await Promise.all(Array.from({ length: 10 }, () => ask()));
  expect(
    responses.map(({ cache: kind, ageSeconds, isStaleIfError }) => [kind, ageSeconds, isStaleIfError]),
  ).toEqual(Array.from({ length: 10 }, () => ['stale', 30, false]));
  await expect.poll(async () => (await ask()).cache).toBe('hit');
  expect(heads).toHaveLength(2);
});

test('a failed refresh is invisible until the revalidate window ends; then the stale response is marked as stale-if-error', async () => {
  const { ask, from } = await setUp();
  await ask();
  from(broken);
  advance(30_000);
  expect(await ask()).toMatchObject({ cache: 'stale', isStaleIfError: false });
  advance(40_000);
  expect(await ask()).toMatchObject({ cache: 'stale', isStaleIfError: true, ageSeconds: 70 });
  advance(600_000);
  expect((await failureOf(ask())).reason).toBe('upstream_bad_answer');
});

test('a 404 on refresh removes the entry', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(respondWith('404 No', json, '{}'));
  advance(30_000);
  expect((await ask()).cache).toBe('stale');
  await expect.poll(() => heads.length).toBe(2);
  await expect.poll(async () => (await failureOf(ask())).reason).toBe('not_found');
});

test('a caller that disconnects affects neither the other callers nor the response', async () => {
  const { ask, heads } = await setUp();
  const left = new AbortController();
  const first = ask({ signal: left.signal }).catch(() => undefined);
  const second = ask();
  left.abort();
  expect((await second).data).toEqual({ ok: true });
  await first;
  expect(heads).toHaveLength(1);
});

test('each window ends exactly on time', async () => {
  const { ask, heads } = await setUp();
  await ask();
  advance(cache.freshFor - 1);
  expect((await ask()).cache).toBe('hit');
  expect(heads).toHaveLength(1);
  advance(cache.staleWhileRevalidateFor - cache.freshFor);
  expect(await ask()).toMatchObject({ cache: 'stale', isStaleIfError: false, ageSeconds: 59 });
  await expect.poll(async () => (await ask()).cache).toBe('hit');
  // Polling advances the clock.
  const { storedAt } = await ask();
  advance(storedAt.getTime() + cache.staleWhileRevalidateFor - Date.now());
  expect(await ask()).toMatchObject({ cache: 'miss', ageSeconds: 0 });
  expect(heads).toHaveLength(3);
});

test('no call waits for a refresh, and only one refresh runs at a time', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  const received = Promise.withResolvers<() => void>();
  from((socket) => received.resolve(() => socket.write(wire('200 OK', json, '{"ok":false}'))));
  advance(30_000);
  expect((await ask()).cache).toBe('stale');
  const respond = await received.promise;
  for (let call = 0; call < 5; call += 1) {
    expect(await ask()).toMatchObject({ cache: 'stale', data: { ok: true } });
  }
  expect(heads).toHaveLength(2);
  respond();
  await expect.poll(ask).toMatchObject({ cache: 'hit', data: { ok: false } });
});

test('the next call after a failed refresh tries again', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(rejected);
  advance(30_000);
  await ask();
  await expect.poll(() => heads.length).toBe(2);
  await expect.poll(async () => [(await ask()).isStaleIfError, heads.length > 2]).toEqual([false, true]);
  from(respondOk);
  await expect.poll(async () => (await ask()).cache).toBe('hit');
});

test('concurrent calls after the revalidate window cause one request, and all get the stale response when it fails', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(rejected);
  advance(cache.staleIfErrorFor - 1);
  const responses = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(new Set(responses.map(({ cache: kind, isStaleIfError }) => `${kind} ${isStaleIfError}`))).toEqual(
    new Set(['stale true']),
  );
  expect(heads).toHaveLength(2);
  advance(1);
  expect((await failureOf(ask())).reason).toBe('upstream_refused');
});

test('a 404 after the revalidate window removes the entry, so that it is not served on later failures', async () => {
  const { ask, from } = await setUp();
  await ask();
  from(respondWith('404 No', json, '{}'));
  advance(70_000);
  expect((await failureOf(ask())).reason).toBe('not_found');
  from(rejected);
  expect((await failureOf(ask())).reason).toBe('upstream_refused');
});
