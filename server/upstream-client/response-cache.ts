import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { isAppError } from '../errors.ts';
import type { CacheWindows } from './endpoint.ts';

export type CacheResult<T> = {
  value: T;
  /** `stale`: the entry is older than its `freshFor` window. */
  cache: 'miss' | 'hit' | 'stale';
  /** True if a stale entry is returned because the upstream failed. */
  isStaleIfError: boolean;
  ageSeconds: number;
  /** When the response was received, by the wall clock at that time. */
  storedAt: Date;
};

/** A loaded value, its size in memory, and the text from which another instance can restore it. */
export type Loaded<T> = { value: T; bytes: number; text?: string };

/** Loads the value of a key. All callers share the load, so a single caller must not be able to cancel it. */
export type Source<T> = {
  load: () => Promise<Loaded<T>>;
  /** Restores a value from the text that another instance stored. Returns undefined if the text is unusable. */
  restore?: (text: string) => Omit<Loaded<T>, 'text'> | undefined;
};

/** An entry of the shared cache. The id distinguishes it from earlier and later entries of its key. */
type SharedEntry = { id: string; text: string };

/** A second cache that several instances share. Its methods never fail: without it responses are only slower. */
export type SharedCache = {
  /** Returns an entry and its age in milliseconds by the clock of the cache: the clocks of instances may differ. */
  read(key: string): Promise<(SharedEntry & { age: number }) | undefined>;
  write(key: string, entry: SharedEntry, milliseconds: number): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Acquires the lock under which one instance loads a key.
   *
   * @returns a function that releases the lock; undefined if another instance holds it
   */
  acquireLock(key: string): Promise<(() => void) | undefined>;
};

const { lockPollInterval, lockPolls } = limits.redis;

type Entry<T> = Omit<Loaded<T>, 'text'> & {
  /** The id in the shared cache. */
  id: string;
  /** Time of the monotonic clock. */
  loadedAt: number;
  storedAt: Date;
};
type Options = { maxBytes: number; shared?: SharedCache | undefined };

/**
 * Caches responses within a bounded size. Concurrent loads of one key are merged. A stale entry is returned while it is
 * refreshed and while the upstream fails, within the windows of the endpoint.
 */
export class ResponseCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #loading = new Map<string, Promise<CacheResult<T>>>();
  readonly #refreshing = new Set<string>();
  readonly #shared: SharedCache | undefined;

  constructor({ maxBytes, shared }: Options) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
    });
    this.#shared = shared;
  }

  /** @throws the error of `load` if there is no entry within `staleIfErrorFor` */
  async get(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    return this.#fromMemory(key, windows, source) ?? this.#merged(key, windows, source);
  }

  /** Returns a fresh entry, or a stale one that it starts to refresh; undefined if the entry is missing or too old. */
  #fromMemory(key: string, windows: CacheWindows, source: Source<T>): CacheResult<T> | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const age = ageOf(entry);
    if (age < windows.freshFor) return this.#result('hit', entry);
    if (age >= (windows.staleWhileRevalidateFor ?? 0)) return undefined;
    this.#refresh(key, windows, source);
    return this.#result('stale', entry);
  }

  /** Merges concurrent lookups of one key. */
  #merged(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    const running = this.#loading.get(key);
    if (running) return running;
    const started = this.#lookUp(key, windows, source).finally(() => this.#loading.delete(key));
    this.#loading.set(key, started);
    return started;
  }

  /** Looks in the shared cache, then loads. If the load fails, falls back to a stale entry. */
  async #lookUp(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    await this.#readShared(key, source);
    const known = this.#entries.get(key);
    const cached = this.#fromMemory(key, windows, source);
    if (cached) return cached;
    try {
      return await this.#loadUnderLock(key, windows, source);
    } catch (error) {
      // A 4xx error, such as a resource that no longer exists, must not be hidden by an old entry.
      if (isAppError(error) && error.httpStatus < 500) this.#forget(key);
      else if (known && ageOf(known) < windows.staleIfErrorFor) return this.#result('stale', known, true);
      throw error;
    }
  }

  /** Lets one instance load. The others poll for the entry that it stores, for a limited time, and then load too. */
  async #loadUnderLock(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    const shared = source.restore && this.#shared;
    let release: (() => void) | undefined;
    for (let polls = 0; shared && !release && polls <= lockPolls; polls += 1) {
      if (polls > 0) await delay(lockPollInterval);
      release = await shared.acquireLock(key);
      // Must come after the lock: the previous holder stores its entry before it releases the lock.
      await this.#readShared(key, source);
      const cached = this.#fromMemory(key, windows, source);
      if (!cached) continue;
      release?.();
      return cached;
    }
    try {
      return this.#result('miss', await this.#load(key, windows, source));
    } finally {
      release?.();
    }
  }

  /** Refreshes an entry in the background. Callers see a failure only after the stale window has ended. */
  #refresh(key: string, windows: CacheWindows, source: Source<T>): void {
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    this.#loadNewer(key, windows, source)
      .catch((error: unknown) => {
        if (isAppError(error) && error.httpStatus < 500) this.#forget(key);
      })
      .finally(() => this.#refreshing.delete(key));
  }

  /** Loads, unless another instance has stored a newer entry or is loading one. */
  async #loadNewer(key: string, windows: CacheWindows, source: Source<T>): Promise<void> {
    const shared = source.restore && this.#shared;
    const release = await shared?.acquireLock(key);
    if (shared && !release) return;
    try {
      if (!(await this.#readShared(key, source))) await this.#load(key, windows, source);
    } finally {
      release?.();
    }
  }

  async #load(key: string, windows: CacheWindows, source: Source<T>): Promise<Entry<T>> {
    const { text, ...loaded } = await source.load();
    const entry = this.#store(key, loaded, { id: crypto.randomUUID(), age: 0 });
    if (text !== undefined) void this.#shared?.write(key, { id: entry.id, text }, windows.staleIfErrorFor);
    return entry;
  }

  /** Copies the entry of the shared cache to memory if it is newer. @returns true if it was */
  async #readShared(key: string, source: Source<T>): Promise<boolean> {
    const { restore } = source;
    const requestedAt = performance.now();
    const shared = restore && (await this.#shared?.read(key));
    const known = this.#entries.get(key);
    if (!shared || shared.id === known?.id) return false;
    // The time that the read took is added, so that the entry is never called younger than it is.
    const age = shared.age + performance.now() - requestedAt;
    if (known && ageOf(known) <= age) return false;
    const restored = restore(shared.text);
    if (restored === undefined) return false;
    this.#store(key, restored, { id: shared.id, age });
    return true;
  }

  #store(
    key: string,
    { value, bytes }: Omit<Loaded<T>, 'text'>,
    { id, age }: { id: string; age: number },
  ): Entry<T> {
    const entry: Entry<T> = {
      id,
      value,
      bytes: Math.max(1, bytes),
      loadedAt: performance.now() - age,
      storedAt: new Date(Date.now() - age),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #forget(key: string): void {
    this.#entries.delete(key);
    void this.#shared?.remove(key);
  }

  #result(cache: CacheResult<T>['cache'], entry: Entry<T>, isStaleIfError = false): CacheResult<T> {
    return {
      value: entry.value,
      cache,
      isStaleIfError,
      ageSeconds: Math.floor(ageOf(entry) / 1000),
      storedAt: new Date(entry.storedAt),
    };
  }
}

/** Returns the age in milliseconds. The monotonic clock measures it: the wall clock may be set in the meantime. */
function ageOf({ loadedAt }: { loadedAt: number }): number {
  return performance.now() - loadedAt;
}
