import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withTimeout } from '#server/lib/timeout.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const never = new Promise<string>(() => {});
const rejectAfter = (milliseconds: number) =>
  new Promise<string>((_, reject) => {
    setTimeout(() => reject(new Error('too late')), milliseconds);
  });

test('a promise that settles in time passes its value or error, and leaves no timer', async () => {
  expect(await withTimeout(Promise.resolve('value'), 100)).toBe('value');
  await expect(withTimeout(Promise.reject(new Error('failed')), 100)).rejects.toThrow('failed');
  expect(vi.getTimerCount()).toBe(0);
});

test('after a timeout the result is undefined, or that of onTimeout', async () => {
  const plain = withTimeout(never, 100);
  const replaced = withTimeout(never, 100, () => 'late' as const);
  await vi.advanceTimersByTimeAsync(100);
  expect([await plain, await replaced]).toEqual([undefined, 'late']);
});

test('an error of onTimeout rejects', async () => {
  const failing = withTimeout(never, 100, () => {
    throw new Error('timed out');
  });
  const outcome = expect(failing).rejects.toThrow('timed out');
  await vi.advanceTimersByTimeAsync(100);
  await outcome;
});

test('a message that arrived while the event loop was blocked is in time', async () => {
  vi.useRealTimers();
  const { port1, port2 } = new MessageChannel();
  const message = once(port2, 'message');
  const result = withTimeout(message, 20);
  port1.postMessage('value');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  expect(await result).toEqual(['value']);
  port1.close();
});

test('a rejection after the timeout is not unhandled', async () => {
  const result = withTimeout(rejectAfter(200), 100);
  await vi.advanceTimersByTimeAsync(300);
  expect(await result).toBeUndefined();
});

test('a promise that settles just before the timeout is reported does not call onTimeout', async () => {
  const onTimeout = vi.fn();
  const justInTime = Promise.withResolvers<string>();
  const result = withTimeout(justInTime.promise, 100, onTimeout);
  setTimeout(justInTime.resolve, 100, 'value');
  vi.advanceTimersByTime(100);
  expect(await result).toBe('value');
  // The timeout is reported after the input that has arrived is read.
  await new Promise(setImmediate);
  expect(onTimeout).not.toHaveBeenCalled();
});
