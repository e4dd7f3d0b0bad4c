/** Number of pages of one browser that may have a stream. The others poll: a browser has six connections for each site. */
const streamsPerBrowser = 2;

/**
 * Takes one of the streams of this browser. Outside a browser, each client has one.
 *
 * @param signal gives the stream back
 * @returns a function that gives it back, or undefined if other pages have them all
 */
export async function takeStream(signal: AbortSignal): Promise<(() => void) | undefined> {
  // Node has locks, too.
  if (typeof document === 'undefined' || !('locks' in navigator)) return () => undefined;
  for (let index = 0; index < streamsPerBrowser; index += 1) {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: taken, resolve: decide } = Promise.withResolvers<boolean>();
    void navigator.locks.request(`live-stream-${index}`, { ifAvailable: true }, (lock) => {
      decide(lock !== null);
      return lock ? held : undefined;
    });
    if (await taken) {
      signal.addEventListener('abort', () => release());
      return release;
    }
  }
  return undefined;
}
