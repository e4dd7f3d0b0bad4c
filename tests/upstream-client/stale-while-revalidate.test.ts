import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answering, json, okay, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf, failureOf, oneEndpointAt } from './support.ts';

const cache = { freshFor: 10_000, staleWhileRevalidateFor: 60_000, staleIfErrorFor: 600_000 };
const broken = answering('500 No', json, '{}');
/** A failure that is not tried again and breaks no circuit: one request each. */
const refused = answering('400 No', json, '{}');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-06-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const advance = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

/** An upstream that behaves as it was last told. */
async function setUp() {
  let behave: Script = okay;
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

test('a hundred equal calls at once are one request', async () => {
  const { ask, heads } = await setUp();
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask()));
  expect(heads).toHaveLength(1);
  expect(new Set(answers.map(({ data }) => JSON.stringify(data)))).toEqual(new Set(['{"ok":true}']));
});

test('ten calls past the window get the old answer at once and make one refresh', async () => {
  const { ask, heads } = await setUp();
  await ask();
  advance(30_000);
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask()));
  expect(
    answers.map(({ cache: kind, ageSeconds, isStaleIfError: standsIn }) => [kind, ageSeconds, standsIn]),
  ).toEqual(Array.from({ length: 10 }, () => ['stale', 30, false]));
  await expect.poll(async () => (await ask()).cache).toBe('hit');
  expect(heads).toHaveLength(2);
});

test('a refresh that fails is not seen until the window ends; then the old answer stands in and says so', async () => {
  const { ask, from } = await setUp();
  await ask();
  from(broken);
  advance(30_000);
  expect(await ask()).toMatchObject({ cache: 'stale', standsIn: false });
  advance(40_000);
  expect(await ask()).toMatchObject({ cache: 'stale', standsIn: true, ageSeconds: 70 });
  advance(600_000);
  expect((await failureOf(ask())).reason).toBe('upstream_bad_answer');
});

test('what is gone at the refresh is gone here', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(answering('404 No', json, '{}'));
  advance(30_000);
  expect((await ask()).cache).toBe('stale');
  await expect.poll(() => heads.length).toBe(2);
  await expect.poll(async () => (await failureOf(ask())).reason).toBe('not_found');
});

test('a caller that leaves harms neither the others nor the answer', async () => {
  const { ask, heads } = await setUp();
  const left = new AbortController();
  const first = ask({ signal: left.signal }).catch(() => undefined);
  const second = ask();
  left.abort();
  expect((await second).data).toEqual({ ok: true });
  await first;
  expect(heads).toHaveLength(1);
});

test('each window ends at its moment', async () => {
  const { ask, heads } = await setUp();
  await ask();
  advance(cache.freshFor - 1);
  expect((await ask()).cache).toBe('hit');
  expect(heads).toHaveLength(1);
  advance(cache.staleWhileRevalidateFor - cache.freshFor);
  expect(await ask()).toMatchObject({ cache: 'stale', standsIn: false, ageSeconds: 59 });
  await expect.poll(async () => (await ask()).cache).toBe('hit');
  // Polling moves the clock.
  const { storedAt } = await ask();
  vi.setSystemTime(storedAt.getTime() + cache.staleWhileRevalidateFor);
  expect(await ask()).toMatchObject({ cache: 'miss', ageSeconds: 0 });
  expect(heads).toHaveLength(3);
});

test('nobody waits for a refresh, and there is no second one beside it', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  const asked = Promise.withResolvers<() => void>();
  from((socket) => asked.resolve(() => socket.write(wire('200 OK', json, '{"ok":false}'))));
  advance(30_000);
  expect((await ask()).cache).toBe('stale');
  const answer = await asked.promise;
  for (let call = 0; call < 5; call += 1) {
    expect(await ask()).toMatchObject({ cache: 'stale', data: { ok: true } });
  }
  expect(heads).toHaveLength(2);
  answer();
  await expect.poll(ask).toMatchObject({ cache: 'hit', data: { ok: false } });
});

test('after a refresh that failed the next call tries again', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(refused);
  advance(30_000);
  await ask();
  await expect.poll(() => heads.length).toBe(2);
  await expect.poll(async () => [(await ask()).isStaleIfError, heads.length > 2]).toEqual([false, true]);
  from(okay);
  await expect.poll(async () => (await ask()).cache).toBe('hit');
});

test('many that wait past the window are one request, and the old answer stands in for each', async () => {
  const { ask, from, heads } = await setUp();
  await ask();
  from(refused);
  advance(cache.staleIfErrorFor - 1);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(new Set(answers.map(({ cache: kind, isStaleIfError: standsIn }) => `${kind} ${standsIn}`))).toEqual(
    new Set(['stale true']),
  );
  expect(heads).toHaveLength(2);
  advance(1);
  expect((await failureOf(ask())).reason).toBe('upstream_refused');
});

test('what is gone past the window is gone here: nothing stands in for it later', async () => {
  const { ask, from } = await setUp();
  await ask();
  from(answering('404 No', json, '{}'));
  advance(70_000);
  expect((await failureOf(ask())).reason).toBe('not_found');
  from(refused);
  expect((await failureOf(ask())).reason).toBe('upstream_refused');
});
