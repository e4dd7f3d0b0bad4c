import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { mapInTurns } from '../lib/in-turns.ts';
import { isRecord } from '../lib/is-record.ts';
import { webUrl } from './fields.ts';
import { type Feed, type FeedItem, newestFirst } from './model.ts';
import { guideFeedSchema, guideItemReader } from './read-guide-json.ts';
import { authorReader, jsonFeedItemReader, jsonFeedSchema, jsonFeedVersion } from './read-json-feed.ts';
import { sanitizeHtml } from './sanitize.ts';

export type ParsedFeed = {
  feed: Feed;
  /** Number of items left out because they are empty. */
  dropped: number;
};

/**
 * Parses a JSON feed: JSON Feed 1 or 1.1, or the guide's shape. An empty item is left out and counted. A
 * large feed takes a second, in which other requests get their turns.
 *
 * @param sourceUrl the URL it was fetched from: base of relative URLs; its root is the default home page
 * @throws AppError `upstream_bad_answer` if the document has neither shape, or if all of its items are empty
 */
export async function parseFeedJson(json: unknown, sourceUrl: string): Promise<ParsedFeed> {
  const { rawItems, readItem, homePage, title, ...channel } = isJsonFeed(json)
    ? readJsonFeed(json, sourceUrl)
    : readGuideFeed(json, sourceUrl);
  const items = (await mapInTurns(rawItems, readItem)).filter((item) => item !== undefined);
  const dropped = rawItems.length - items.length;
  if (items.length === 0 && dropped > 0) {
    throw new AppError('upstream_bad_answer', {
      cause: new Error(`all ${dropped} feed items are empty`),
    });
  }
  const homeUrl = webUrl(sourceUrl).safeParse(homePage).data ?? new URL('/', sourceUrl).href;
  const sanitized = await mapInTurns(limitItems(items), (item) => sanitizeItem(item, homeUrl));
  return {
    feed: {
      ...channel,
      title: title ?? new URL(homeUrl).hostname,
      homeUrl,
      items: withinTotalLength(sanitized),
    },
    dropped,
  };
}

/** Keeps the newest items, and of those in the future, which appear later, the next ones. */
function limitItems(items: readonly FeedItem[]): FeedItem[] {
  const now = Date.now();
  const isFuture = ({ publishedAt }: FeedItem) => publishedAt !== null && publishedAt.getTime() > now;
  const next = items.filter(isFuture).sort((a, b) => Number(a.publishedAt) - Number(b.publishedAt));
  return [...newestFirst(items.filter((item) => !isFuture(item))), ...next.slice(0, limits.feed.items)];
}

function sanitizeItem(item: FeedItem, homeUrl: string): FeedItem {
  return { ...item, contentHtml: item.contentHtml && sanitizeHtml(item.contentHtml, item.url ?? homeUrl) };
}

/** Drops the HTML of the items that follow once `limits.feed.totalHtmlLength` is reached. */
function withinTotalLength(items: readonly FeedItem[]): FeedItem[] {
  let length = 0;
  return items.map((item) => {
    length += item.contentHtml?.length ?? 0;
    return length <= limits.feed.totalHtmlLength ? item : { ...item, contentHtml: null };
  });
}

type Channel = Pick<Feed, 'description' | 'language' | 'copyright' | 'iconUrl' | 'authors'> & {
  title: string | undefined;
  homePage: string | undefined;
  rawItems: unknown[];
  readItem: (raw: unknown) => FeedItem | undefined;
};

function isJsonFeed(json: unknown): boolean {
  return isRecord(json) && typeof json.version === 'string' && jsonFeedVersion.test(json.version);
}

function readJsonFeed(json: unknown, sourceUrl: string): Channel {
  const { data, error } = jsonFeedSchema(sourceUrl).safeParse(json);
  if (!data) throw new AppError('upstream_bad_answer', { cause: error });
  const { title, description, language, icon, favicon } = data;
  const authors = authorReader(sourceUrl)(data);
  return {
    title,
    description,
    language,
    iconUrl: icon ?? favicon,
    authors: authors.length > 0 ? authors : undefined,
    homePage: data.home_page_url,
    rawItems: data.items,
    readItem: jsonFeedItemReader(sourceUrl),
  };
}

function readGuideFeed(json: unknown, sourceUrl: string): Channel {
  const { data, error } = guideFeedSchema(sourceUrl).safeParse(json);
  if (!data) throw new AppError('upstream_bad_answer', { cause: error });
  const { title, description, language, copyright, image } = data;
  return {
    title,
    description,
    language,
    copyright,
    iconUrl: image,
    homePage: data.link,
    rawItems: data.items,
    readItem: guideItemReader(sourceUrl),
  };
}
