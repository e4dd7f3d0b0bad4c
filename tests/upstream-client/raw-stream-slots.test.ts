import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { answering, json, ok, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawClientOf, readAll } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

const half = wire('200 OK', { ...bytesType, 'content-length': '10' }, 'hello');

describe('the place of a stream is free again', () => {
  test('once it was read whole, and not before', async () => {
    const { url } = await startRawServer(answering('200 OK', bytesType, 'hello'));
    const { download, streams } = rawClientOf(url);
    const answer = await download();
    expect(streams()).toBe(1);
    await readAll(answer);
    expect(streams()).toBe(0);
  });

  test('once it was cancelled before its first byte was read', async () => {
    const { url } = await startRawServer((socket) => socket.write(half));
    const { download, streams } = rawClientOf(url);
    const { body } = await download();
    expect(streams()).toBe(1);
    body?.destroy();
    expect(streams()).toBe(0);
  });

  test('once its caller has left, whether or not anybody reads', async () => {
    const { url } = await startRawServer((socket) => socket.write(half));
    const { download, streams } = rawClientOf(url);
    const abort = new AbortController();
    const [unread, read] = [
      await download({ signal: abort.signal }),
      await download({ signal: abort.signal }),
    ];
    const reading = readAll(read);
    expect(streams()).toBe(2);
    abort.abort();
    expect(streams()).toBe(0);
    expect((await reading).ended).toBe('cancelled');
    expect((await readAll(unread)).ended).toBe('cancelled');
    expect(streams()).toBe(0);
  });

  test('once it broke off', async () => {
    const { url } = await startRawServer((socket) => socket.end(half));
    const { download, streams } = rawClientOf(url);
    const answer = await download();
    expect(streams()).toBe(1);
    expect((await readAll(answer)).ended).toBe('truncated');
    expect(streams()).toBe(0);
  });

  test.each([
    ['HEAD', answering('200 OK', { ...bytesType, 'content-length': '10' }), { method: 'HEAD' }, 200, 10],
    ['304', answering('304 Same', {}), { headers: { 'if-none-match': '"1"' } }, 304, undefined],
    ['204', answering('204 None', {}), {}, 204, undefined],
  ] as const)('at once where there is no body: %s', async (_, script, asked, status, length) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    const answer = await download(asked);
    expect(streams()).toBe(0);
    expect(answer).toMatchObject({ status, body: undefined });
    if (length !== undefined) expect(answer.length).toBe(length);
  });

  test.each([
    ['a refused status', answering('500 No', bytesType, 'no'), 'server_error'],
    ['another media type', answering('200 OK', { 'content-type': 'text/html' }, 'no'), 'media_type'],
    ['no HTTP', (socket) => socket.write('SSH-2.0\r\n\r\n'), 'protocol'],
    ['a reset', (socket) => socket.resetAndDestroy(), 'reset'],
  ] as [string, Parameters<typeof startRawServer>[0], string][])('after %s', async (_, script, fault) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    const failing = upstreamFailureOf(download());
    expect(streams()).toBe(1);
    expect((await failing).fault).toBe(fault);
    expect(streams()).toBe(0);
  });

  test('after a caller that had left before it asked', async () => {
    const { url, heads } = await startRawServer((socket) => socket.write(half));
    const { download, streams } = rawClientOf(url);
    expect((await upstreamFailureOf(download({ signal: AbortSignal.abort() }))).fault).toBe('cancelled');
    expect(streams()).toBe(0);
    expect(heads).toEqual([]);
  });
});

test('one stream more than there are places for is refused at once; calls have places of their own', async () => {
  const { url, heads } = await startRawServer((socket, head) =>
    socket.write(head.startsWith('GET /call') ? wire('200 OK', json, ok) : half),
  );
  const { client, upstream, download, streams } = rawClientOf(url);
  const open = await Promise.all(Array.from({ length: limits.upstream.streams }, () => download()));
  expect(streams()).toBe(limits.upstream.streams);

  expect(await upstreamFailureOf(download())).toMatchObject({
    fault: 'queue_full',
    reason: 'upstream_overloaded',
    retryAfterSeconds: limits.upstream.queueRetryAfterSeconds,
  });
  expect(heads).toHaveLength(limits.upstream.streams);
  expect((await client.request(upstream, upstream.endpoints.call, {})).data).toEqual({ ok: true });

  open[0]?.body?.destroy();
  open[0] = await download();
  expect(streams()).toBe(limits.upstream.streams);
  for (const { body } of open) body?.destroy();
  expect(streams()).toBe(0);
});

describe('a consumer that takes nothing for too long loses its stream', () => {
  afterEach(() => void vi.useRealTimers());

  const whole = wire('200 OK', bytesType, 'hello');
  test.each([
    ['though it never began', half, false],
    ['though there is more to come', half, true],
    ['though the upstream has sent everything', whole, true],
  ])('%s', async (_, sent, begins) => {
    const { url } = await startRawServer((socket) => socket.write(sent));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { download, streams } = rawClientOf(url);
    const { body } = await download();
    if (!body) throw new Error('there is no body');
    if (begins) {
      // As a response does that has too much waiting already.
      body.once('data', () => body.pause());
      await once(body, 'data');
    }
    await vi.advanceTimersByTimeAsync(limits.raw.stall - 1);
    expect(streams()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(streams()).toBe(0);
  });
});
