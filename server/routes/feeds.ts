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

/** Cache-Control of a feed, for caches in front of this server. */
const feedCacheControl = [
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

/** The formats of the feed and their paths. */
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

/** @throws AppError `upstream_*` if the source fails and there is no stale feed to serve */
export async function respondWithFeed(
  request: HttpRequest,
  format: FeedFormat,
  { feed: source, siteUrl }: FeedRouteOptions,
): Promise<HttpResponse> {
  const feed = await source.feed();
  // The public URL, because behind a proxy request.url contains the internal host.
  const { text, changedAt } = renderOnce(feed, format, `${siteUrl}${format.path}`);
  return conditionalResponse(request, {
    body: text,
    contentType: format.contentType,
    lastModified: changedAt,
    cacheControl: feedCacheControl,
  });
}

type Rendering = { text: string; changedAt: Date | null };

const renderings = new WeakMap<Feed, Map<string, Rendering>>();

/** Renders each feed object once per format. The source returns the same object until the feed changes. */
function renderOnce(feed: Feed, { render }: FeedFormat, selfUrl: string): Rendering {
  const byUrl = renderings.get(feed) ?? new Map<string, Rendering>();
  renderings.set(feed, byUrl);
  const cached = byUrl.get(selfUrl);
  if (cached) return cached;
  const rendering = { text: render(feed, { selfUrl }), changedAt: feedChangedAt(feed) };
  byUrl.set(selfUrl, rendering);
  return rendering;
}
