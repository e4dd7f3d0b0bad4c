import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, ok, respondWith, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawClientOf, rawUpstreamAt, readAll } from './raw-support.ts';
import { clientOf, upstreamFailureOf } from './support.ts';

const half = wire('200 OK', { ...bytesType, 'content-length': '10' }, 'hello');

describe('the slot of a stream is released', () => {
  test('once it has been read completely, and not before', async () => {
    const { url } = await startRawServer(respondWith('200 OK', bytesType, 'hello'));
    const { download, streams } = rawClientOf(url);
    const response = await download();
    expect(streams()).toBe(1);
    await readAll(response);
    expect(streams()).toBe(0);
  });

  test('once it is cancelled before its first byte was read', async () => {
    const { url } = await startRawServer((socket) => socket.write(half));
    const { download, streams } = rawClientOf(url);
    const { body } = await download();
    expect(streams()).toBe(1);
    body?.destroy();
    expect(streams()).toBe(0);
  });

  test('once its caller disconnects, whether or not the stream is being read', async () => {
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

  test('once it is truncated', async () => {
    const { url } = await startRawServer((socket) => socket.end(half));
    const { download, streams } = rawClientOf(url);
    const response = await download();
    expect(streams()).toBe(1);
    expect((await readAll(response)).ended).toBe('truncated');
    expect(streams()).toBe(0);
  });

  test.each([
    ['HEAD', respondWith('200 OK', { ...bytesType, 'content-length': '10' }), { method: 'HEAD' }, 200, 10],
    ['304', respondWith('304 Same', {}), { headers: { 'if-none-match': '"1"' } }, 304, undefined],
    ['204', respondWith('204 None', {}), {}, 204, undefined],
  ] as const)('immediately without a body: %s', async (_, script, requested, status, length) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    const response = await download(requested);
    expect(streams()).toBe(0);
    expect(response).toMatchObject({ status, body: undefined });
    if (length !== undefined) expect(response.length).toBe(length);
  });

  test.each([
    ['an error status', respondWith('500 No', bytesType, 'no'), 'server_error'],
    ['another media type', respondWith('200 OK', { 'content-type': 'text/html' }, 'no'), 'media_type'],
    ['a response that is not HTTP', (socket) => socket.write('SSH-2.0\r\n\r\n'), 'protocol'],
    ['a reset', (socket) => socket.resetAndDestroy(), 'reset'],
  ] as [string, Parameters<typeof startRawServer>[0], string][])('after %s', async (_, script, fault) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    const failing = upstreamFailureOf(download());
    expect(streams()).toBe(1);
    expect((await failing).fault).toBe(fault);
    expect(streams()).toBe(0);
  });

  test('after a caller that had disconnected before the request', async () => {
    const { url, heads } = await startRawServer((socket) => socket.write(half));
    const { download, streams } = rawClientOf(url);
    expect((await upstreamFailureOf(download({ signal: AbortSignal.abort() }))).fault).toBe('cancelled');
    expect(streams()).toBe(0);
    expect(heads).toEqual([]);
  });
});

test('a stream beyond the limit is rejected at once, and calls have their own limit', async () => {
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

describe('a stream whose consumer stalls is aborted', () => {
  afterEach(() => void vi.useRealTimers());

  const whole = wire('200 OK', bytesType, 'hello');
  test.each([
    ['before its first read', half, false],
    ['while the upstream still sends', half, true],
    ['after the upstream has sent everything', whole, true],
  ])('%s', async (_, sent, begins) => {
    const { url } = await startRawServer((socket) => socket.write(sent));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { download, streams } = rawClientOf(url);
    const { body } = await download();
    if (!body) throw new Error('there is no body');
    if (begins) {
      // Pauses the way a response with a full buffer does.
      body.once('data', () => body.pause());
      await once(body, 'data');
    }
    await vi.advanceTimersByTimeAsync(limits.raw.stall - 1);
    expect(streams()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(streams()).toBe(0);
  });
});

test('a stream takes no connection from the calls', async () => {
  const { url } = await startRawServer((socket, head) =>
    socket.write(head.startsWith('GET /call') ? wire('200 OK', json, ok) : half),
  );
  const upstream = { ...rawUpstreamAt(url), limits: { connections: 1, queue: 0, streams: 1 } };
  const { download, call } = upstream.endpoints;
  const client = clientOf();
  const { signal } = new AbortController();
  const { body } = await client.stream(upstream, download, { method: 'GET', signal });
  expect((await client.request(upstream, call, {})).data).toEqual({ ok: true });
  body?.destroy();
});
