const timedOut = Symbol('timed out');

/**
 * Waits for a promise for a limited time. The work behind the promise continues after a timeout.
 *
 * After the event loop was blocked, timers run before the input that has arrived meanwhile. It is read first, so that a
 * response in time is not taken for a late one.
 *
 * @param onTimeout called only if the timeout was first: returns the result, or throws; without it the result is undefined
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
  const timeout = Promise.withResolvers<typeof timedOut>();
  const timer = setTimeout(() => setImmediate(timeout.resolve, timedOut), milliseconds);
  try {
    const result = await Promise.race([promise, timeout.promise]);
    return result === timedOut ? onTimeout() : result;
  } finally {
    clearTimeout(timer);
  }
}
