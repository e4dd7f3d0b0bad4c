import type { ServerResponse } from 'node:http';
import { limits } from '../config/limits.ts';

const { sendWindow, sendBytesPerSecond } = limits.nodeServer;
const minBytes = (sendBytesPerSecond * sendWindow) / 1_000;

/**
 * Closes the connections of clients that read too slowly: less than `limits.nodeServer.sendBytesPerSecond`, on average
 * over a window. Only time in which data waits to be read counts, so a response that the server itself produces slowly
 * is not affected.
 *
 * @param running the responses that have not been sent yet
 * @returns a function that stops the watch
 */
export function watchSlowReaders(running: ReadonlySet<ServerResponse>): () => void {
  /** Bytes sent before the start of the current window, of the connections on which data waits. */
  const windows = new WeakMap<ServerResponse, { sent: number; startedAt: number }>();

  function check(response: ServerResponse, now: number): void {
    const { socket } = response;
    if (!socket || socket.writableLength === 0) {
      windows.delete(response);
      return;
    }
    const sent = socket.bytesWritten - socket.writableLength;
    const window = windows.get(response);
    if (window && now - window.startedAt < sendWindow) return;
    if (window && sent - window.sent < minBytes) socket.destroy();
    else windows.set(response, { sent, startedAt: now });
  }

  const timer = setInterval(() => {
    const now = performance.now();
    for (const response of running) check(response, now);
  }, sendWindow / 4);
  timer.unref();
  return () => clearInterval(timer);
}
