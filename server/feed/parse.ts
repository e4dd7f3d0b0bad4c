import { AppError } from '../errors.ts';
import { webUrl } from './fields.ts';
import { type Feed, type FeedItem, newestFirst } from './model.ts';
import { guideFeedSchema, readGuideItem } from './read-guide-json.ts';
import { jsonFeedSchema, readAuthors, readJsonFeedItem } from './read-json-feed.ts';
import { sanitizeHtml } from './sanitize.ts';

export type ParsedFeed = {
  feed: Feed;
  /** Items left out because they could not be used. */
  dropped: number;
};

/**
 * Reads a feed given as JSON, as JSON Feed 1 or 1.1 or in the guide's shape. Lenient with single items: a
 * broken one is left out and counted.
 *
 * @param sourceUrl where it was fetched; relative URLs in it count from there, and it is the home page if none is named
 * @throws AppError `upstream_bad_answer` when the whole is neither shape, or has items of which none can be used
 */
export function parseFeedJson(json: unknown, sourceUrl: string): ParsedFeed {
  const { rawItems, readItem, homePage, ...channel } = isJsonFeed(json)
    ? readJsonFeed(json, sourceUrl)
    : readGuideFeed(json);
  const items = rawItems.map((raw) => readItem(raw, sourceUrl)).filter((item) => item !== undefined);
  const dropped = rawItems.length - items.length;
  if (items.length === 0 && dropped > 0) {
    throw new AppError('upstream_bad_answer', {
      cause: new Error(`none of ${dropped} feed items can be used`),
    });
  }
  const homeUrl = webUrl(sourceUrl).safeParse(homePage).data ?? new URL('/', sourceUrl).href;
  return { feed: { ...channel, homeUrl, items: newestFirst(items).map(sanitized) }, dropped };
}

function sanitized(item: FeedItem): FeedItem {
  return { ...item, contentHtml: item.contentHtml && sanitizeHtml(item.contentHtml, item.url) };
}

type Channel = Pick<Feed, 'title' | 'description' | 'language' | 'copyright' | 'authors'> & {
  homePage: string | undefined;
  rawItems: unknown[];
  readItem: (raw: unknown, base: string) => FeedItem | undefined;
};

function isJsonFeed(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'version' in json;
}

function readJsonFeed(json: unknown, sourceUrl: string): Channel {
  const { data, error } = jsonFeedSchema.safeParse(json);
  if (!data) throw new AppError('upstream_bad_answer', { cause: error });
  const { title, description, language } = data;
  const authors = readAuthors(data, sourceUrl);
  return {
    title,
    description,
    ...(language ? { language } : {}),
    ...(authors.length > 0 ? { authors } : {}),
    homePage: data.home_page_url,
    rawItems: data.items,
    readItem: readJsonFeedItem,
  };
}

function readGuideFeed(json: unknown): Channel {
  const { data, error } = guideFeedSchema.safeParse(json);
  if (!data) throw new AppError('upstream_bad_answer', { cause: error });
  const { title, description, language, copyright } = data;
  return {
    title,
    description,
    ...(language ? { language } : {}),
    ...(copyright ? { copyright } : {}),
    homePage: data.link,
    rawItems: data.items,
    readItem: readGuideItem,
  };
}
