import { limits } from '../config/limits.ts';
import { atomContentType, renderAtom } from '../feed/atom.ts';
import { jsonFeedContentType, renderJsonFeed } from '../feed/json-feed.ts';
import { type Feed, feedChangedAt } from '../feed/model.ts';
import { renderRss, rssContentType } from '../feed/rss.ts';
import type { FeedSource } from '../feed/source.ts';
import { conditionalResponse } from '../http/conditional-request.ts';
import type { HttpRequest } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { services } from '../services.ts';
import { handleGet } from './get-only.ts';

const { freshFor, staleWhileRevalidateFor, staleIfErrorFor } = limits.feed;

/** What caches in front may do with a feed. */
export const feedCacheControl = [
  'public',
  `max-age=${freshFor / 1000}`,
  `stale-while-revalidate=${staleWhileRevalidateFor / 1000}`,
  `stale-if-error=${staleIfErrorFor / 1000}`,
].join(', ');

export type FeedFormat = {
  path: string;
  contentType: string;
  render: (feed: Feed, options: { selfUrl: string }) => string;
};

/** The formats of the feed, by the path each is served at. */
export const feedFormats = {
  rss: { path: '/rss.xml', contentType: rssContentType, render: renderRss },
  atom: { path: '/atom.xml', contentType: atomContentType, render: renderAtom },
  json: { path: '/feed.json', contentType: jsonFeedContentType, render: renderJsonFeed },
} as const satisfies Record<string, FeedFormat>;

/** `/rss.xml` */
export function handleRss(request: HttpRequest): Promise<HttpResponse> {
  return handleFeed(request, feedFormats.rss);
}

/** `/atom.xml` */
export function handleAtom(request: HttpRequest): Promise<HttpResponse> {
  return handleFeed(request, feedFormats.atom);
}

/** `/feed.json` */
export function handleJsonFeed(request: HttpRequest): Promise<HttpResponse> {
  return handleFeed(request, feedFormats.json);
}

function handleFeed(request: HttpRequest, format: FeedFormat): Promise<HttpResponse> {
  const { feed, env } = services();
  return handleGet(request, format.path, () =>
    respondWithFeed(request, format, { feed, siteUrl: env.SITE_URL }),
  );
}

export type FeedRouteOptions = { feed: Pick<FeedSource, 'feed'>; siteUrl: string };

/** @throws AppError `upstream_*` when the source fails and nothing older can stand in */
export async function respondWithFeed(
  request: HttpRequest,
  format: FeedFormat,
  { feed: source, siteUrl }: FeedRouteOptions,
): Promise<HttpResponse> {
  const feed = await source.feed();
  // The public URL, not request.url: behind a proxy that one names the inner host.
  const { text, changedAt } = rendered(feed, format, `${siteUrl}${format.path}`);
  return conditionalResponse(request, {
    body: text,
    contentType: format.contentType,
    lastModified: changedAt,
    cacheControl: feedCacheControl,
  });
}

type Rendering = { text: string; changedAt: Date | null };

const renderings = new WeakMap<Feed, Map<string, Rendering>>();

/** Written once for each feed that the source gives, which stays the same object until something changed. */
function rendered(feed: Feed, { render }: FeedFormat, selfUrl: string): Rendering {
  const known = renderings.get(feed) ?? new Map<string, Rendering>();
  renderings.set(feed, known);
  const existing = known.get(selfUrl);
  if (existing) return existing;
  const rendering = { text: render(feed, { selfUrl }), changedAt: feedChangedAt(feed) };
  known.set(selfUrl, rendering);
  return rendering;
}
