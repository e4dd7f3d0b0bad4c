import { LRUCache } from 'lru-cache';
import { isAppError } from '../errors.ts';
import type { CacheWindows } from './declaration.ts';

/** How an answer was come by, and how old it is. */
export type CacheResult<T> = {
  value: T;
  /** `stale`: older than its window, and the upstream could not give a newer one. */
  cache: 'miss' | 'hit' | 'stale';
  ageSeconds: number;
  storedAt: Date;
};

export type Loaded<T> = { value: T; bytes: number };
type Entry<T> = Loaded<T> & { storedAt: number };

/**
 * Remembers answers within a bounded size. Equal loads at one time become one; an old answer stands in while
 * its loader fails, as long as its window allows.
 */
export class AnswerCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #loading = new Map<string, Promise<Entry<T>>>();
  readonly #now: () => number;

  constructor(options: { maxBytes: number; now?: () => number }) {
    this.#entries = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
    });
    this.#now = options.now ?? Date.now;
  }

  /** @param load is shared by all who ask for the same key: no one caller's cancellation may reach it */
  async get(key: string, windows: CacheWindows, load: () => Promise<Loaded<T>>): Promise<CacheResult<T>> {
    const known = this.#entries.get(key);
    const age = known ? this.#now() - known.storedAt : Number.POSITIVE_INFINITY;
    if (known && age >= 0 && age < windows.freshFor) return this.#result('hit', known);
    try {
      return this.#result('miss', await this.#load(key, load));
    } catch (error) {
      // What the upstream says is not there must not live on here.
      if (isAppError(error) && error.httpStatus < 500) this.#entries.delete(key);
      else if (known && age < windows.staleIfErrorFor) return this.#result('stale', known);
      throw error;
    }
  }

  #load(key: string, load: () => Promise<Loaded<T>>): Promise<Entry<T>> {
    const running = this.#loading.get(key);
    if (running) return running;
    const started = load()
      .then(({ value, bytes }) => {
        const entry = { value, bytes: Math.max(1, bytes), storedAt: this.#now() };
        this.#entries.set(key, entry);
        return entry;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, started);
    return started;
  }

  #result(cache: CacheResult<T>['cache'], entry: Entry<T>): CacheResult<T> {
    return {
      value: entry.value,
      cache,
      ageSeconds: Math.max(0, Math.floor((this.#now() - entry.storedAt) / 1000)),
      storedAt: new Date(entry.storedAt),
    };
  }
}
