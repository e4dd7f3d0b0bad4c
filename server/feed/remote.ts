import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Feed } from './model.ts';
import { parseFeedJson } from './parse.ts';

/** Gets JSON over HTTP; the upstream client gives this. Rejects with AppError `upstream_*`, and when the signal aborts. */
export type FetchJson = (url: string, options: { signal: AbortSignal }) => Promise<unknown>;

export type FeedLog = { warn(details: Record<string, unknown>, message: string): void };

export type RemoteFeedOptions = { url: string; fetchJson: FetchJson; log?: FeedLog };

export type RemoteFeed = {
  /** @throws AppError `upstream_*` when the source fails and nothing older can stand in */
  feed(): Promise<Feed>;
  /** From now on nothing that was fetched before counts as fresh; it still stands in when the source fails. */
  expire(): void;
  /**
   * Fetches it, unless it is fresh.
   *
   * @throws AppError `upstream_*` when that fails, whatever may stand in
   */
  refresh(): Promise<void>;
};

/** After a failed refresh, how long the old feed is served without trying again: a hanging source must not slow every reader. */
const retryPause = 10_000;

/**
 * A feed at another server. Fresh for `limits.feed.freshFor`, then fetched again by the next caller; when that
 * fails, the old one stands in for `limits.feed.staleIfErrorFor`. Callers at the same time share one fetch,
 * which has a deadline of its own and no caller's signal.
 */
export function createRemoteFeed({ url, fetchJson, log }: RemoteFeedOptions): RemoteFeed {
  let current: { feed: Feed; fetchedAt: number; edition: number } | undefined;
  let refreshing: { result: Promise<Feed>; edition: number } | undefined;
  let retryAt = 0;
  /** How often it has expired: a fetch that began before that may bring what was there before. */
  let edition = 0;

  async function fetchFeed(forEdition: number): Promise<Feed> {
    const signal = AbortSignal.timeout(limits.upstream.deadline);
    try {
      const { feed, dropped } = parseFeedJson(await fetchJson(url, { signal }), url);
      if (dropped > 0) log?.warn({ dropped, kept: feed.items.length }, 'feed items left out');
      if (!current || current.edition <= forEdition) {
        current = { feed, fetchedAt: Date.now(), edition: forEdition };
      }
      return feed;
    } catch (cause) {
      const error = toAppError(cause, signal);
      if (Date.now() < standsInUntil()) {
        retryAt = Math.min(Date.now() + retryPause, standsInUntil());
        log?.warn({ err: error }, 'feed source failed, serving the last good feed');
      }
      throw error;
    }
  }

  /** Shared by all who wait for the same edition. */
  function sharedFetch(): Promise<Feed> {
    if (refreshing?.edition === edition) return refreshing.result;
    const started = {
      edition,
      result: fetchFeed(edition).finally(() => {
        if (refreshing === started) refreshing = undefined;
      }),
    };
    refreshing = started;
    return started.result;
  }

  function standsInUntil(): number {
    return current ? current.fetchedAt + limits.feed.freshFor + limits.feed.staleIfErrorFor : 0;
  }

  function isFresh(): boolean {
    return current?.edition === edition && Date.now() - current.fetchedAt < limits.feed.freshFor;
  }

  return {
    async feed() {
      if (current && (isFresh() || Date.now() < retryAt)) return current.feed;
      return sharedFetch().catch((error: unknown) => {
        if (current && Date.now() < standsInUntil()) return current.feed;
        throw error;
      });
    },
    expire() {
      edition += 1;
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
