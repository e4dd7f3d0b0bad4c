import { limits } from '../config/limits.ts';

export type FeedAuthor = { name: string; url?: string };

/** One entry of a feed. Every URL is absolute, http or https. */
export type FeedItem = {
  /** Stays the same for ever, also when the text changes; readers tell old from new by it. No two items share one. */
  id: string;
  url: string;
  title: string;
  /** Plain text, one or two sentences; '' where the source gives none. */
  summary: string;
  /** Safe to show as it is. */
  contentHtml: string | null;
  publishedAt: Date;
  updatedAt?: Date;
  categories: string[];
  /** Left out where they are the feed's. */
  authors?: FeedAuthor[];
};

/** What every format (RSS, Atom, JSON Feed) is made from. Items stand newest first. */
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

/** The date of the last change a reader can see in the item. */
export function itemChangedAt(item: FeedItem): Date {
  return item.updatedAt && item.updatedAt > item.publishedAt ? item.updatedAt : item.publishedAt;
}

/** The newest change in the feed; null for an empty feed. */
export function feedChangedAt(feed: Feed): Date | null {
  if (feed.items.length === 0) return null;
  return new Date(Math.max(...feed.items.map((item) => itemChangedAt(item).getTime())));
}

/**
 * Newest first (the id decides between equal dates, so that the order never flickers), at most `limits.feed.items`.
 * Of items with the same id the newest stays: Atom forbids two, and readers would show only one of them.
 */
export function newestFirst(items: readonly FeedItem[]): FeedItem[] {
  const sorted = items.toSorted(
    (a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const byId = new Map<string, FeedItem>();
  for (const item of sorted) if (!byId.has(item.id)) byId.set(item.id, item);
  return [...byId.values()].slice(0, limits.feed.items);
}
