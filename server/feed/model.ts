import { limits } from '../config/limits.ts';

export type FeedAuthor = { name: string; url?: string };

/** One entry of a feed. Every URL is absolute, http or https. */
export type FeedItem = {
  /** Unique and permanent, even when the text changes: readers recognize known items by it. */
  id: string;
  url: string;
  title: string;
  /** Plain text, one or two sentences; '' if the source has none. */
  summary: string;
  /** Sanitized HTML. */
  contentHtml: string | null;
  publishedAt: Date;
  updatedAt?: Date;
  categories: string[];
  /** Omitted if the feed's authors apply. */
  authors?: FeedAuthor[];
};

/** The model that RSS, Atom and JSON Feed are rendered from. Items are sorted newest first. */
export type Feed = {
  title: string;
  description: string;
  /** BCP 47, such as `en` or `de-CH`. */
  language?: string;
  copyright?: string;
  /** The page the feed belongs to. */
  homeUrl: string;
  /** A square picture. */
  iconUrl?: string;
  authors?: FeedAuthor[];
  items: FeedItem[];
};

export function authorsOf(item: FeedItem, feed: Feed): readonly FeedAuthor[] {
  return item.authors ?? feed.authors ?? [];
}

/** Returns the date of the item's last visible change. */
export function itemChangedAt(item: FeedItem): Date {
  return item.updatedAt && item.updatedAt > item.publishedAt ? item.updatedAt : item.publishedAt;
}

/** Returns the date of the newest change in the feed; null for an empty feed. */
export function feedChangedAt(feed: Feed): Date | null {
  if (feed.items.length === 0) return null;
  return new Date(Math.max(...feed.items.map((item) => itemChangedAt(item).getTime())));
}

/**
 * Sorts items newest first, at most `limits.feed.items`. Items with equal dates are sorted by id, so that the order is
 * stable. Of items with the same id only the newest is kept: Atom forbids duplicates, and readers would show only one.
 */
export function newestFirst(items: readonly FeedItem[]): FeedItem[] {
  const sorted = items.toSorted(
    (a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const byId = new Map<string, FeedItem>();
  for (const item of sorted) if (!byId.has(item.id)) byId.set(item.id, item);
  return [...byId.values()].slice(0, limits.feed.items);
}
