import { conditionalResponse } from '../door/conditional.ts';
import { feedChangedAt } from '../feed/model.ts';
import { renderRss, rssContentType } from '../feed/rss.ts';
import type { FeedSource } from '../feed/source.ts';
import { limits } from '../limits.ts';
import { services } from '../services.ts';
import { serveText } from './serve-text.ts';

/** What caches in front may do with a feed: the same windows this server keeps for its source. */
export const feedCacheControl = `public, max-age=${limits.feed.freshFor / 1000}, stale-if-error=${limits.feed.staleIfErrorFor / 1000}`;

/** `/rss.xml` */
export function handleRss(request: Request): Promise<Response> {
  const { feed, env } = services();
  return serveText(request, '/rss.xml', () => answerRss(request, { feed, siteUrl: env.SITE_URL }));
}

export type FeedRouteOptions = { feed: Pick<FeedSource, 'feed'>; siteUrl: string };

/** @throws AppError `upstream_*` when the source fails and nothing older can stand in */
export async function answerRss(
  request: Request,
  { feed: source, siteUrl }: FeedRouteOptions,
): Promise<Response> {
  const feed = await source.feed();
  return conditionalResponse(request, {
    // The public URL, not request.url: behind a proxy that one names the inner host.
    body: renderRss(feed, { selfUrl: `${siteUrl}/rss.xml` }),
    contentType: rssContentType,
    lastModified: feedChangedAt(feed),
    cacheControl: feedCacheControl,
  });
}
