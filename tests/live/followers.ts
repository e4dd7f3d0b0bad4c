import { createScriptClient } from '#client/node.ts';

export type Followers = {
  /** Number of connections that each has begun. */
  starts: readonly number[];
  /** Number of items that each has got. */
  items: readonly number[];
  /** Items that came twice in a row, and errors. */
  problems: readonly string[];
  stop(): void;
};

/** Opens streams of the state of the upstreams, each by another client: they last until `stop`. */
export function startFollowers(baseUrl: string, count: number): Followers {
  const starts = new Array<number>(count).fill(0);
  const items = starts.map(() => 0);
  const problems: string[] = [];
  const subscriptions = starts.map((_, n) => {
    const api = createScriptClient({
      baseUrl,
      headers: () => ({ 'x-forwarded-for': `10.201.${Math.floor(n / 250)}.${n % 250}` }),
    });
    let last: string | undefined;
    return api.proxy.watch.subscribe(undefined, {
      onStarted() {
        starts[n] = (starts[n] ?? 0) + 1;
      },
      onData({ id }) {
        if (id === last) problems.push(`stream ${n} repeats ${id}`);
        last = id;
        items[n] = (items[n] ?? 0) + 1;
      },
      onError: ({ message }) => problems.push(`stream ${n} failed: ${message}`),
    });
  });
  return {
    starts,
    items,
    problems,
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
