import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { drainStreams, openStreamCount } from '#server/live/open-streams.ts';
import { createStreamBody } from '#server/live/stream-body.ts';

const { unsentBytes, slowReaderDeadline, pingInterval, lifetime, rightsInterval, drainTime } = limits.live;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const open = () => createStreamBody(new AbortController().signal);
const hold = async () => true;

test('sends what is given, and counts the bytes', async () => {
  const stream = open();
  const read = text(stream.body);
  stream.send('data: ä\n\n');
  stream.end();
  stream.send('too late');
  expect(await read).toBe('data: ä\n\n');
  expect(await stream.closed).toBe(10);
  expect(stream.signal.aborted).toBe(true);
});

test('ends when the client goes', async () => {
  const request = new AbortController();
  const before = openStreamCount();
  const stream = createStreamBody(request.signal);
  expect(openStreamCount()).toBe(before + 1);
  request.abort();
  await stream.closed;
  expect(stream.signal.aborted).toBe(true);
  expect(openStreamCount()).toBe(before);
});

test('pings, and ends after its lifetime', async () => {
  const stream = open();
  const read = text(stream.body);
  stream.keepAlive(hold);
  await vi.advanceTimersByTimeAsync(lifetime.max);
  const pings = (await read).match(/event: ping\ndata:\n\n/g) ?? [];
  expect(pings.length).toBeGreaterThanOrEqual(Math.floor(lifetime.min / pingInterval));
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['may no longer have it', async () => false],
  ['cannot be checked', async () => false],
])('ends when the caller %s', async (_, mayGoOn) => {
  const stream = open();
  stream.body.resume();
  stream.keepAlive(mayGoOn);
  await vi.advanceTimersByTimeAsync(rightsInterval - 1);
  expect(stream.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await stream.closed;
  expect(stream.signal.aborted).toBe(true);
});

test('waits for a slow reader', async () => {
  const stream = open();
  stream.send('a'.repeat(unsentBytes - 1));
  await stream.ready();
  stream.send('b');
  let isReady = false;
  const ready = stream.ready().then(() => {
    isReady = true;
  });
  await vi.advanceTimersByTimeAsync(slowReaderDeadline - 1);
  expect(isReady).toBe(false);
  stream.body.resume();
  await ready;
  await vi.advanceTimersByTimeAsync(2 * slowReaderDeadline);
  expect(stream.signal.aborted).toBe(false);
  stream.end();
  expect(await stream.closed).toBe(unsentBytes);
});

test('cuts off a reader that stays slow, and sends it no pings meanwhile', async () => {
  const stream = open();
  stream.keepAlive(hold);
  stream.send('a'.repeat(unsentBytes));
  const closed = once(stream.body, 'close');
  const ready = stream.ready();
  await vi.advanceTimersByTimeAsync(slowReaderDeadline);
  await closed;
  await ready;
  expect(await stream.closed).toBe(unsentBytes);
  expect(stream.body.readableAborted).toBe(true);
});

test('cuts off a client that reads no more after the end', async () => {
  const before = openStreamCount();
  const stream = open();
  stream.send('data: a\n\n');
  stream.end();
  await vi.advanceTimersByTimeAsync(slowReaderDeadline - 1);
  expect(openStreamCount()).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(1);
  await stream.closed;
  expect(openStreamCount()).toBe(before);
});

test('ends within a few seconds when the process stops, spread over them', async () => {
  const streams = Array.from({ length: 50 }, open);
  for (const { body } of streams) body.resume();
  drainStreams();
  await vi.advanceTimersByTimeAsync(drainTime / 2);
  const ended = streams.filter(({ signal }) => signal.aborted).length;
  expect(ended).toBeGreaterThan(5);
  expect(ended).toBeLessThan(45);
  await vi.advanceTimersByTimeAsync(drainTime / 2);
  await Promise.all(streams.map(({ closed }) => closed));
});
