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

/** A second cache that several instances share. Its methods never fail: without it responses are only slower. */
export type SharedCache = {
  read(key: string): Promise<{ text: string; storedAt: number } | undefined>;
  write(key: string, entry: { text: string; storedAt: number }, milliseconds: number): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Acquires the lock under which one instance loads a key.
   *
   * @returns a function that releases the lock; undefined if another instance holds it
   */
  acquireLock(key: string): Promise<(() => void) | undefined>;
};

const { lockPollInterval, lockPolls } = limits.redis;

type Entry<T> = Loaded<T> & { storedAt: number };
type Options = { maxBytes: number; now?: () => number; shared?: SharedCache | undefined };

/**
 * Caches responses within a bounded size. Concurrent loads of one key are merged. A stale entry is returned while it is
 * refreshed and while the upstream fails, within the windows of the endpoint.
 */
export class ResponseCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #loading = new Map<string, Promise<CacheResult<T>>>();
  readonly #refreshing = new Set<string>();
  readonly #now: () => number;
  readonly #shared: SharedCache | undefined;

  constructor({ maxBytes, now = Date.now, shared }: Options) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
    });
    this.#now = now;
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
    const age = this.#now() - entry.storedAt;
    if (age >= 0 && age < windows.freshFor) return this.#result('hit', entry);
    if (age < 0 || age >= (windows.staleWhileRevalidateFor ?? 0)) return undefined;
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
      else if (known && this.#now() - known.storedAt < windows.staleIfErrorFor) {
        return this.#result('stale', known, true);
      }
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
      const before = this.#entries.get(key)?.storedAt ?? 0;
      await this.#readShared(key, source);
      if ((this.#entries.get(key)?.storedAt ?? 0) > before) return;
      await this.#load(key, windows, source);
    } finally {
      release?.();
    }
  }

  async #load(key: string, windows: CacheWindows, source: Source<T>): Promise<Entry<T>> {
    const { value, bytes, text } = await source.load();
    const entry = { value, bytes: Math.max(1, bytes), storedAt: this.#now() };
    this.#entries.set(key, entry);
    if (text !== undefined) {
      void this.#shared?.write(key, { text, storedAt: entry.storedAt }, windows.staleIfErrorFor);
    }
    return entry;
  }

  /** Copies the entry of the shared cache to memory if it is newer. */
  async #readShared(key: string, source: Source<T>): Promise<void> {
    const { restore } = source;
    const stored = restore && (await this.#shared?.read(key));
    if (!stored || stored.storedAt <= (this.#entries.get(key)?.storedAt ?? 0)) return;
    const restored = restore(stored.text);
    if (restored === undefined) return;
    const { value, bytes } = restored;
    const storedAt = Math.min(stored.storedAt, this.#now());
    this.#entries.set(key, { value, bytes: Math.max(1, bytes), storedAt });
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
      ageSeconds: Math.max(0, Math.floor((this.#now() - entry.storedAt) / 1000)),
      storedAt: new Date(entry.storedAt),
    };
  }
}
