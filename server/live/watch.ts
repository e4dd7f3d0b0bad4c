import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';

/** How a caller watches: `onWait` is called when nothing more is known for now. */
export type WatchOptions = { signal: AbortSignal; onWait?: (() => void) | undefined };

/**
 * Watches states that others change. The states are read from where they are: after a hint that one has changed, and at
 * intervals, once for all watchers of this process. So a lost hint delays a state and loses none.
 */
export type Watch<State> = {
  /** Yields the state of a key, and then each that differs; undefined if there is none. Ends with the signal. */
  states(key: string, options: WatchOptions): AsyncGenerator<State | undefined, void, undefined>;
  /** Looks at once whether a key has changed, if it is watched. Without a key, looks at all. */
  look(key?: string): void;
};

export type WatchSettings<State> = {
  /** Reads the states of several keys; those without one are left out. */
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, State>>;
  versionOf: (state: State) => string;
  /** Time between two looks at all keys, in milliseconds. */
  interval: number;
  /** Maximum number of keys in one read. */
  keysInRead: number;
  log: Logger;
};

type Entry<State> = {
  watchers: Set<() => void>;
  /** Undefined before the first read. */
  known?: { state: State | undefined; version: string | undefined };
  /** Resolves after the next read, also if it fails. Set if a watcher waits for it. */
  nextRead?: PromiseWithResolvers<void> | undefined;
};

export function createWatch<State>(settings: WatchSettings<State>): Watch<State> {
  const { read, versionOf, interval, keysInRead, log } = settings;
  const entries = new Map<string, Entry<State>>();
  const due = new Set<string>();
  let isReading = false;
  let timer: NodeJS.Timeout | undefined;

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const keys = [...due].filter((key) => entries.has(key)).slice(0, keysInRead);
      if (keys.length === 0) return due.clear();
      for (const key of keys) due.delete(key);
      const waiting = takeWaiting(keys);
      try {
        const states = await read(keys);
        for (const key of keys) note(key, states.get(key));
      } catch (err) {
        // The next look may succeed; the watchers wait.
        log.debug({ err }, 'watched states could not be read');
        waiting.push(...takeWaiting(due));
        due.clear();
      }
      for (const { resolve } of waiting) resolve();
    }
  }

  /** Takes the waiters of the keys, before a read. A later waiter waits for the read after it. */
  function takeWaiting(keys: Iterable<string>): PromiseWithResolvers<void>[] {
    return [...keys].flatMap((key) => {
      const entry = entries.get(key);
      const waiting = entry?.nextRead;
      if (!waiting) return [];
      entry.nextRead = undefined;
      return [waiting];
    });
  }

  function note(key: string, state: State | undefined): void {
    const entry = entries.get(key);
    if (!entry) return;
    const version = state === undefined ? undefined : versionOf(state);
    const isNew = !entry.known || entry.known.version !== version;
    entry.known = { state, version };
    if (isNew) for (const wake of entry.watchers) wake();
  }

  function look(key?: string): void {
    if (key === undefined) for (const each of entries.keys()) due.add(each);
    else if (entries.has(key)) due.add(key);
    readSoon();
  }

  function readSoon(): void {
    if (due.size === 0 || isReading) return;
    isReading = true;
    // What becomes due while a read runs is read after it.
    void outsideRequests(readDue).finally(() => {
      isReading = false;
      readSoon();
    });
  }

  function enter(key: string, wake: () => void): Entry<State> {
    const entry: Entry<State> = entries.get(key) ?? { watchers: new Set() };
    entries.set(key, entry);
    entry.watchers.add(wake);
    timer ??= outsideRequests(() => setInterval(look, interval)).unref();
    return entry;
  }

  function leave(key: string, wake: () => void): void {
    const entry = entries.get(key);
    entry?.watchers.delete(wake);
    if (entry?.watchers.size === 0) entries.delete(key);
    if (entries.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    async *states(key, { signal, onWait }) {
      let change = Promise.withResolvers<void>();
      const wake = () => change.resolve();
      const entry = enter(key, wake);
      signal.addEventListener('abort', wake, { once: true });
      try {
        let seen: Entry<State>['known'];
        // The known state may be as old as the interval. Reads of other keys may follow each other without end.
        entry.nextRead ??= Promise.withResolvers();
        const { promise: read } = entry.nextRead;
        look(key);
        await read;
        while (!signal.aborted) {
          const { known } = entry;
          if (known && (!seen || seen.version !== known.version)) {
            seen = known;
            yield known.state;
            continue;
          }
          change = Promise.withResolvers();
          onWait?.();
          if (!signal.aborted) await change.promise;
        }
      } finally {
        signal.removeEventListener('abort', wake);
        leave(key, wake);
      }
    },
    look,
  };
}
