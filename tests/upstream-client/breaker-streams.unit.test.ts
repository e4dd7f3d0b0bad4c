import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { failing } from './flaky.ts';
import { inSequence, json, ok, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawClientOf, readAll } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;

fakeClocks();

const bytes = respondWith('200 OK', bytesType, 'bytes');

async function setUp(script: Script) {
  const behaviour = { script };
  const { url, heads } = await startRawServer((socket, head) => behaviour.script(socket, head));
  const raw = rawClientOf(url);
  const call = () => raw.client.request(raw.upstream, raw.upstream.endpoints.call, {});
  const breaker = () => raw.client.status()[0]?.breaker;
  return { ...raw, behaviour, heads, call, breaker };
}

test('failed streams open the circuit for streams and calls, and a successful stream closes it', async () => {
  const { download, call, behaviour, heads, breaker, streams } = await setUp(failing);
  for (let stream = 0; stream < minimumAttempts; stream += 1) await upstreamFailureOf(download());
  expect(breaker()).toBe('open');
  for (const rejected of [download(), call()]) {
    expect((await upstreamFailureOf(rejected)).fault).toBe('breaker_open');
  }
  expect(heads).toHaveLength(minimumAttempts);
  expect(streams()).toBe(0);
  advance(openFor);
  behaviour.script = bytes;
  expect((await readAll(await download())).ended).toBe('whole');
  expect(breaker()).toBe('closed');
});

test('a Retry-After to a stream pauses calls too', async () => {
  const later = respondWith('429 Later', { ...bytesType, 'retry-after': '7' });
  const { download, call, heads } = await setUp(inSequence(later, respondWith('200 OK', json, ok)));
  expect(await upstreamFailureOf(download())).toMatchObject({ fault: 'throttled', retryAfterSeconds: 7 });
  for (const rejected of [download(), call()]) {
    expect(await upstreamFailureOf(rejected)).toMatchObject({ fault: 'paused', retryAfterSeconds: 7 });
  }
  expect(heads).toHaveLength(1);
  advance(7_000);
  expect((await call()).data).toEqual({ ok: true });
});

test('a stream rejected because all slots are taken does not count as a failure of the upstream', async () => {
  const { download, breaker } = await setUp((socket) =>
    socket.write(wire('200 OK', { ...bytesType, 'content-length': '10' }, 'bytes')),
  );
  const held = await Promise.all(Array.from({ length: limits.upstream.streams }, () => download()));
  for (let stream = 0; stream < 3 * minimumAttempts; stream += 1) {
    expect((await upstreamFailureOf(download())).fault).toBe('queue_full');
  }
  expect(breaker()).toBe('closed');
  for (const { body } of held) body?.destroy();
});

test('a probe that was cancelled before it was sent leaves the next call the probe', async () => {
  const { download, call, behaviour, breaker } = await setUp(failing);
  for (let stream = 0; stream < minimumAttempts; stream += 1) await upstreamFailureOf(download());
  advance(openFor);
  const gone = AbortSignal.abort();
  expect((await upstreamFailureOf(download({ signal: gone }))).fault).toBe('cancelled');
  expect(breaker()).toBe('open');
  behaviour.script = respondWith('200 OK', json, ok);
  expect((await call()).data).toEqual({ ok: true });
  expect(breaker()).toBe('closed');
});

test.each([
  ['another media type', respondWith('200 OK', { 'content-type': 'text/html' }, 'x')],
  ['a size above the limit', respondWith('200 OK', { ...bytesType, 'content-length': String(2 ** 40) })],
  ['a redirect to another host', respondWith('302 Found', { location: 'https://elsewhere.example.org/' })],
  ['an unrequested 206', respondWith('206 Part', { ...bytesType, 'content-range': 'bytes 0-0/9' }, 'x')],
])('streams of files with %s do not open the circuit', async (_, script) => {
  const { download, behaviour, breaker } = await setUp(script);
  for (let stream = 0; stream < 2 * minimumAttempts; stream += 1) await upstreamFailureOf(download());
  expect(breaker()).toBe('closed');
  behaviour.script = bytes;
  expect((await readAll(await download())).ended).toBe('whole');
});

test('uploads that are reset before they are sent completely do not open the circuit', async () => {
  const { upload, breaker } = await setUp((socket) => socket.resetAndDestroy());
  async function* endless() {
    for (;;) yield Buffer.alloc(64 * 1024);
  }
  for (let stream = 0; stream < 2 * minimumAttempts; stream += 1) {
    expect(await upstreamFailureOf(upload(endless()))).toMatchObject({
      fault: 'upload_reset',
      reason: 'upstream_refused',
    });
  }
  expect(breaker()).toBe('closed');
});
