import { AppError, isAppError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Feed } from './model.ts';
import { parseFeedJson } from './parse.ts';

/** Gets JSON over HTTP; the upstream client gives this. Rejects with AppError `upstream_*`, and when the signal aborts. */
export type FetchJson = (url: string, options: { signal: AbortSignal }) => Promise<unknown>;

export type FeedLog = { warn(details: Record<string, unknown>, message: string): void };

export type RemoteFeedOptions = { url: string; fetchJson: FetchJson; log?: FeedLog };

/** After a failed refresh, how long the old feed is served without trying again: a hanging source must not slow every reader. */
const retryPause = 10_000;

/**
 * A feed at another server. Fresh for `limits.feed.freshFor`, then fetched again by the next caller; when that
 * fails, the old one stands in for `limits.feed.staleIfErrorFor`. Callers at the same time share one fetch,
 * which has a deadline of its own and no caller's signal.
 */
export function createRemoteFeed({ url, fetchJson, log }: RemoteFeedOptions): () => Promise<Feed> {
  let current: { feed: Feed; fetchedAt: number } | undefined;
  let refreshing: Promise<Feed> | undefined;
  let retryAt = 0;

  async function refresh(): Promise<Feed> {
    const signal = AbortSignal.timeout(limits.upstream.deadline);
    try {
      const { feed, dropped } = parseFeedJson(await fetchJson(url, { signal }), url);
      if (dropped > 0) log?.warn({ dropped, kept: feed.items.length }, 'feed items left out');
      current = { feed, fetchedAt: Date.now() };
      return feed;
    } catch (cause) {
      const error = toAppError(cause, signal);
      const standsInUntil = current
        ? current.fetchedAt + limits.feed.freshFor + limits.feed.staleIfErrorFor
        : 0;
      if (!current || Date.now() >= standsInUntil) throw error;
      retryAt = Math.min(Date.now() + retryPause, standsInUntil);
      log?.warn({ err: error }, 'feed source failed, serving the last good feed');
      return current.feed;
    }
  }

  return async function feed() {
    if (current) {
      const now = Date.now();
      const age = now - current.fetchedAt;
      if (age < limits.feed.freshFor || now < retryAt) return current.feed;
    }
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
}

function toAppError(cause: unknown, signal: AbortSignal): AppError {
  if (isAppError(cause)) return cause;
  return new AppError(signal.aborted ? 'upstream_timeout' : 'upstream_unreachable', { cause });
}
