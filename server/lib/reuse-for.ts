/**
 * Returns a function that runs `load` at most once in the given time, and shares its result. The time, in milliseconds,
 * begins when the result is there.
 */
export function reuseFor<T>(milliseconds: number, load: () => Promise<T>): () => Promise<T> {
  let latest: { result: Promise<T>; until: number } | undefined;
  return () => {
    if (!latest || performance.now() >= latest.until) {
      const started = { result: load(), until: Number.POSITIVE_INFINITY };
      latest = started;
      const expire = () => {
        started.until = performance.now() + milliseconds;
      };
      started.result.then(expire, expire);
    }
    return latest.result;
  };
}
