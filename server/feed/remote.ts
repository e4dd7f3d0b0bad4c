import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Feed } from './model.ts';
import { parseFeedJson } from './parse.ts';

/** Fetches JSON over HTTP with the upstream client. Rejects with AppError `upstream_*`, and when the signal aborts. */
export type FetchJson = (url: string, options: { signal: AbortSignal }) => Promise<unknown>;

export type FeedLog = { warn(details: Record<string, unknown>, message: string): void };

export type RemoteFeedOptions = { url: string; fetchJson: FetchJson; log?: FeedLog };

export type RemoteFeed = {
  /** @throws AppError `upstream_*` if the source fails and there is no stale feed to serve */
  feed(): Promise<Feed>;
  /** Makes the cached feed stale. It is still served if the source fails. */
  expire(): void;
  /**
   * Fetches the feed unless it is fresh.
   *
   * @throws AppError `upstream_*` if the source fails, even if there is a stale feed to serve
   */
  refresh(): Promise<void>;
};

/** Milliseconds between a failed refresh and the next one: a hanging source must not slow down every reader. */
const retryDelay = 10_000;

/**
 * A feed on another server. It is fresh for `limits.feed.freshFor`, then the next caller fetches it again; if that
 * fails, the stale feed is served for `limits.feed.staleIfErrorFor`. Concurrent callers share one fetch, which has its
 * own deadline and no caller's signal.
 */
export function createRemoteFeed({ url, fetchJson, log }: RemoteFeedOptions): RemoteFeed {
  let cached: { feed: Feed; fetchedAt: number; version: number } | undefined;
  let refreshing: { result: Promise<Feed>; version: number } | undefined;
  let retryAt = 0;
  /** Incremented by `expire`: a fetch started before that may return the old feed. */
  let version = 0;

  async function fetchFeed(forVersion: number): Promise<Feed> {
    const signal = AbortSignal.timeout(limits.upstream.deadline);
    try {
      const { feed, dropped } = await parseFeedJson(await fetchJson(url, { signal }), url);
      if (dropped > 0) log?.warn({ dropped, kept: feed.items.length }, 'feed items left out');
      if (!cached || cached.version <= forVersion) {
        cached = { feed, fetchedAt: performance.now(), version: forVersion };
      }
      return feed;
    } catch (cause) {
      const error = toAppError(cause, signal);
      if (performance.now() < staleIfErrorUntil()) {
        retryAt = Math.min(performance.now() + retryDelay, staleIfErrorUntil());
        log?.warn({ err: error }, 'feed source failed, serving the stale feed');
      }
      throw error;
    }
  }

  /** Callers that need the same version share one fetch. */
  function sharedFetch(): Promise<Feed> {
    if (refreshing?.version === version) return refreshing.result;
    const started = {
      version,
      result: fetchFeed(version).finally(() => {
        if (refreshing === started) refreshing = undefined;
      }),
    };
    refreshing = started;
    return started.result;
  }

  function staleIfErrorUntil(): number {
    return cached ? cached.fetchedAt + limits.feed.freshFor + limits.feed.staleIfErrorFor : 0;
  }

  function isFresh(): boolean {
    return cached?.version === version && performance.now() - cached.fetchedAt < limits.feed.freshFor;
  }

  return {
    async feed() {
      if (cached && (isFresh() || performance.now() < retryAt)) return cached.feed;
      return sharedFetch().catch((error: unknown) => {
        if (cached && performance.now() < staleIfErrorUntil()) return cached.feed;
        throw error;
      });
    },
    expire() {
      version += 1;
      retryAt = 0;
    },
    async refresh() {
      if (!isFresh()) await sharedFetch();
    },
  };
}

function toAppError(cause: unknown, signal: AbortSignal): AppError {
  if (isAppError(cause)) return cause;
  return new AppError(signal.aborted ? 'upstream_timeout' : 'upstream_unreachable', { cause });
}
