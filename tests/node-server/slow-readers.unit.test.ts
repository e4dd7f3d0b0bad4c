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
