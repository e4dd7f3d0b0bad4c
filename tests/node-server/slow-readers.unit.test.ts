import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { watchSlowReaders } from '#server/node-server/slow-readers.ts';

const { sendWindow, sendBytesPerSecond } = limits.nodeServer;
const bytesPerWindow = (sendBytesPerSecond * sendWindow) / 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Creates a response on a connection whose client has accepted `sent` bytes, while `waiting` bytes are buffered. */
function respondTo({ waiting }: { waiting: number }) {
  const socket = new Socket();
  const state = { sent: 0, waiting };
  vi.spyOn(socket, 'writableLength', 'get').mockImplementation(() => state.waiting);
  vi.spyOn(socket, 'bytesWritten', 'get').mockImplementation(() => state.sent + state.waiting);
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  return { response, socket, state };
}

test('a client that reads nothing loses its connection after the window', () => {
  const { response, socket } = respondTo({ waiting: 100 });
  const stop = watchSlowReaders(new Set([response]));
  vi.advanceTimersByTime(sendWindow);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(sendWindow / 2);
  expect(socket.destroyed).toBe(true);
  stop();
});

test('a client that reads at the minimum pace keeps its connection, a slower one does not', () => {
  const steady = respondTo({ waiting: 1e9 });
  const trickle = respondTo({ waiting: 1e9 });
  const stop = watchSlowReaders(new Set([steady.response, trickle.response]));
  for (let second = 0; second < 300; second += 1) {
    steady.state.sent += bytesPerWindow / 20;
    trickle.state.sent += 10;
    vi.advanceTimersByTime(1_000);
  }
  expect([steady.socket.destroyed, trickle.socket.destroyed]).toEqual([false, true]);
  stop();
});

test.each([
  { missing: 0, isDestroyed: false },
  { missing: 1, isDestroyed: true },
])(
  'in a window, $missing bytes less than the minimum close the connection: $isDestroyed',
  ({ missing, isDestroyed }) => {
    const { response, socket, state } = respondTo({ waiting: 1e9 });
    const stop = watchSlowReaders(new Set([response]));
    // The first window begins with the first check.
    vi.advanceTimersByTime(sendWindow / 4);
    state.sent += bytesPerWindow - missing;
    vi.advanceTimersByTime(sendWindow - 1);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(isDestroyed);
    stop();
  },
);

test('each window counts on its own', () => {
  const { response, socket, state } = respondTo({ waiting: 1e9 });
  const stop = watchSlowReaders(new Set([response]));
  vi.advanceTimersByTime(sendWindow / 4);
  state.sent += 10 * bytesPerWindow;
  vi.advanceTimersByTime(sendWindow);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(sendWindow);
  expect(socket.destroyed).toBe(true);
  stop();
});

test('nothing is closed after the watch has ended, and a response without a connection is ignored', () => {
  const { response, socket } = respondTo({ waiting: 100 });
  const detached = new ServerResponse(new IncomingMessage(new Socket()));
  const stop = watchSlowReaders(new Set([response, detached]));
  vi.advanceTimersByTime(sendWindow);
  stop();
  vi.advanceTimersByTime(10 * sendWindow);
  expect(socket.destroyed).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('a response that the server produces slowly is not cut off', () => {
  const { response, socket, state } = respondTo({ waiting: 0 });
  const stop = watchSlowReaders(new Set([response]));
  for (let second = 0; second < 300; second += 1) {
    // A chunk waits for a moment, then the client has everything again.
    state.waiting = second % 8 === 0 ? 10 : 0;
    vi.advanceTimersByTime(1_000);
  }
  expect(socket.destroyed).toBe(false);
  stop();
});
