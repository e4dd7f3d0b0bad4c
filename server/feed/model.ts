import { limits } from '../config/limits.ts';

export type FeedAuthor = { name: string; url?: string };

/** A file that belongs to an item, such as the episode of a podcast. */
export type FeedAttachment = {
  url: string;
  /** Media type, such as `audio/mpeg`. */
  mediaType: string;
  title?: string | undefined;
  /** Bytes. */
  size?: number | undefined;
  /** Seconds. */
  duration?: number | undefined;
};

/** One entry of a feed. Every URL is absolute, http or https. */
export type FeedItem = {
  /** Unique and permanent, even when the text changes: readers recognize known items by it. */
  id: string;
  /** The item's page; null if it has none, such as a note that exists only in the feed. */
  url: string | null;
  /** The page elsewhere that the item is about. */
  externalUrl?: string | undefined;
  title: string;
  /** Plain text, one or two sentences; '' if the source has none. */
  summary: string;
  /** Sanitized HTML. */
  contentHtml: string | null;
  /** The main picture. */
  imageUrl?: string | undefined;
  attachments?: FeedAttachment[] | undefined;
  /** Null if the source has no date. */
  publishedAt: Date | null;
  updatedAt?: Date | undefined;
  categories: string[];
  /** Omitted if the feed's authors apply. */
  authors?: FeedAuthor[] | undefined;
};

/** The model that RSS, Atom and JSON Feed are rendered from. Items are sorted newest first. */
export type Feed = {
  title: string;
  description: string;
  /** BCP 47, such as `en` or `de-CH`. */
  language?: string | undefined;
  copyright?: string | undefined;
  /** The page the feed belongs to. */
  homeUrl: string;
  /** A square picture. */
  iconUrl?: string | undefined;
  authors?: FeedAuthor[] | undefined;
  items: FeedItem[];
};

export function authorsOf(item: FeedItem, feed: Feed): readonly FeedAuthor[] {
  return item.authors ?? feed.authors ?? [];
}

/** Returns the date of the item's last visible change; null if it has no date. */
export function itemChangedAt({ publishedAt, updatedAt }: FeedItem): Date | null {
  if (!publishedAt) return updatedAt ?? null;
  return updatedAt && updatedAt > publishedAt ? updatedAt : publishedAt;
}

/** Returns the date of the newest change in the feed; null for a feed without dates. */
export function feedChangedAt(feed: Feed): Date | null {
  const times = feed.items.map((item) => itemChangedAt(item)?.getTime()).filter((time) => time !== undefined);
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/**
 * Sorts items newest first, at most `limits.feed.items`. Items with equal dates are sorted by id, so that the order is
 * stable. Items without a date follow in the order of the source. Of items with the same id only the newest is kept:
 * Atom forbids duplicates, and readers would show only one.
 */
export function newestFirst(items: readonly FeedItem[]): FeedItem[] {
  const sorted = items.toSorted((a, b) => {
    if (!a.publishedAt || !b.publishedAt) return Number(!a.publishedAt) - Number(!b.publishedAt);
    return b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  });
  const byId = new Map<string, FeedItem>();
  for (const item of sorted) if (!byId.has(item.id)) byId.set(item.id, item);
  return [...byId.values()].slice(0, limits.feed.items);
}
