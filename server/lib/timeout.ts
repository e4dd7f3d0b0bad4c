/**
 * Waits for a promise for a limited time. The work behind the promise continues after a timeout.
 *
 * After the event loop was blocked, timers run before the input that has arrived meanwhile. It is read first, so that a
 * response in time is not taken for a late one.
 *
 * @param onTimeout returns the result after a timeout, or throws; without it the result is undefined
 */
export function withTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined>;
export function withTimeout<T, U>(
  promise: Promise<T>,
  milliseconds: number,
  onTimeout: () => U,
): Promise<T | U>;
export async function withTimeout(
  promise: Promise<unknown>,
  milliseconds: number,
  onTimeout: () => unknown = () => undefined,
): Promise<unknown> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(() => setImmediate(timeout.resolve), milliseconds);
  try {
    return await Promise.race([promise, timeout.promise.then(onTimeout)]);
  } finally {
    clearTimeout(timer);
  }
}
