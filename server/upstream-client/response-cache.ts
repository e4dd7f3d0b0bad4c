import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { isAppError } from '../errors.ts';
import type { CacheWindows } from './endpoint.ts';

/** How an answer was come by, and how old it is. */
export type CacheResult<T> = {
  value: T;
  /** `stale`: older than its window. */
  cache: 'miss' | 'hit' | 'stale';
  /** A newer answer was asked for and did not come; this one stands in. */
  isStaleIfError: boolean;
  ageSeconds: number;
  storedAt: Date;
};

/** What was loaded: the value, its size in memory, and the text it can be made from again elsewhere. */
export type Loaded<T> = { value: T; bytes: number; text?: string };

/** Where the value of a key comes from. Shared by all who ask for it: no one caller's cancellation may reach it. */
export type Source<T> = {
  load: () => Promise<Loaded<T>>;
  /** Makes the value from the text that another instance stored; throws or gives undefined when it cannot be used. */
  restore?: (text: string) => Omit<Loaded<T>, 'text'> | undefined;
};

/** A second tier that several instances share. It never fails: what it cannot do costs speed alone. */
export type SharedTier = {
  read(key: string): Promise<{ text: string; storedAt: number } | undefined>;
  write(key: string, entry: { text: string; storedAt: number }, milliseconds: number): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Asks for the turn to load what several instances may need at one time.
   *
   * @returns gives the turn back; undefined while another instance has it
   */
  acquireLock(key: string): Promise<(() => void) | undefined>;
};

const { lockPollInterval: turnPause, lockPolls: turnWaits } = limits.redis;

type Entry<T> = Loaded<T> & { storedAt: number };
type Options = { maxBytes: number; now?: () => number; shared?: SharedTier | undefined };

/**
 * Remembers answers within a bounded size. Equal loads at one time become one; an old answer stands in while a
 * newer one is fetched, and while that fails, as long as its windows allow.
 */
export class ResponseCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #loading = new Map<string, Promise<CacheResult<T>>>();
  readonly #refreshing = new Set<string>();
  readonly #now: () => number;
  readonly #shared: SharedTier | undefined;

  constructor({ maxBytes, now = Date.now, shared }: Options) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry, key) => entry.bytes + key.length,
    });
    this.#now = now;
    this.#shared = shared;
  }

  /** @throws what `load` throws when no older answer may stand in */
  async get(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    const known = this.#entries.get(key);
    return (known && this.#serve(key, windows, source, known)) ?? this.#ask(key, windows, source);
  }

  /** An answer out of memory, fresh or refreshed meanwhile; undefined when it is too old for both. */
  #serve(key: string, windows: CacheWindows, source: Source<T>, entry: Entry<T>): CacheResult<T> | undefined {
    const age = this.#now() - entry.storedAt;
    if (age >= 0 && age < windows.freshFor) return this.#result('hit', entry);
    if (age < 0 || age >= (windows.staleWhileRevalidateFor ?? 0)) return undefined;
    this.#refresh(key, windows, source);
    return this.#result('stale', entry);
  }

  /** One for all who ask for the same key at one time. */
  #ask(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    const running = this.#loading.get(key);
    if (running) return running;
    const started = this.#lookFurther(key, windows, source).finally(() => this.#loading.delete(key));
    this.#loading.set(key, started);
    return started;
  }

  async #lookFurther(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    await this.#readShared(key, source);
    const known = this.#entries.get(key);
    const served = known && this.#serve(key, windows, source, known);
    if (served) return served;
    try {
      return await this.#loadInTurn(key, windows, source);
    } catch (error) {
      // What the upstream says is not there must not live on here.
      if (isAppError(error) && error.httpStatus < 500) this.#forget(key);
      else if (known && this.#now() - known.storedAt < windows.staleIfErrorFor) {
        return this.#result('stale', known, true);
      }
      throw error;
    }
  }

  /** One of all instances loads; the others wait for what it stores, but not for long. */
  async #loadInTurn(key: string, windows: CacheWindows, source: Source<T>): Promise<CacheResult<T>> {
    const shared = source.restore && this.#shared;
    let giveBack: (() => void) | undefined;
    for (let waits = 0; shared && !giveBack && waits <= turnWaits; waits += 1) {
      if (waits > 0) await delay(turnPause);
      giveBack = await shared.acquireLock(key);
      // Only now: what the one before stored was there before it gave its turn back.
      await this.#readShared(key, source);
      const known = this.#entries.get(key);
      const served = known && this.#serve(key, windows, source, known);
      if (!served) continue;
      giveBack?.();
      return served;
    }
    try {
      return this.#result('miss', await this.#load(key, windows, source));
    } finally {
      giveBack?.();
    }
  }

  /** Nobody waits for it; a failure shows when the window has passed. */
  #refresh(key: string, windows: CacheWindows, source: Source<T>): void {
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    this.#loadNewer(key, windows, source)
      .catch((error: unknown) => {
        if (isAppError(error) && error.httpStatus < 500) this.#forget(key);
      })
      .finally(() => this.#refreshing.delete(key));
  }

  /** Unless another instance was quicker, or is at it. */
  async #loadNewer(key: string, windows: CacheWindows, source: Source<T>): Promise<void> {
    const shared = source.restore && this.#shared;
    const giveBack = await shared?.acquireLock(key);
    if (shared && !giveBack) return;
    try {
      const before = this.#entries.get(key)?.storedAt ?? 0;
      await this.#readShared(key, source);
      if ((this.#entries.get(key)?.storedAt ?? 0) > before) return;
      await this.#load(key, windows, source);
    } finally {
      giveBack?.();
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

  /** Takes over what the second tier has when that is newer. */
  async #readShared(key: string, source: Source<T>): Promise<void> {
    const { restore: revive } = source;
    const stored = revive && (await this.#shared?.read(key));
    if (!stored || stored.storedAt <= (this.#entries.get(key)?.storedAt ?? 0)) return;
    const revived = revive(stored.text);
    if (revived === undefined) return;
    const { value, bytes } = revived;
    const storedAt = Math.min(stored.storedAt, this.#now());
    this.#entries.set(key, { value, bytes: Math.max(1, bytes), storedAt });
  }

  #forget(key: string): void {
    this.#entries.delete(key);
    void this.#shared?.remove(key);
  }

  #result(cache: CacheResult<T>['cache'], entry: Entry<T>, standsIn = false): CacheResult<T> {
    return {
      value: entry.value,
      cache,
      isStaleIfError: standsIn,
      ageSeconds: Math.max(0, Math.floor((this.#now() - entry.storedAt) / 1000)),
      storedAt: new Date(entry.storedAt),
    };
  }
}
