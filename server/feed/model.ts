import { limits } from '../limits.ts';

/** One entry of a feed. Every URL is absolute, http or https. */
export type FeedItem = {
  /** Stays the same for ever, also when the text changes; readers tell old from new by it. */
  id: string;
  url: string;
  title: string;
  /** Plain text, one or two sentences; '' where the source gives none. */
  summary: string;
  contentHtml: string | null;
  publishedAt: Date;
  updatedAt?: Date;
  categories: string[];
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
  items: FeedItem[];
};

/** The date of the last change a reader can see in the item. */
export function itemChangedAt(item: FeedItem): Date {
  return item.updatedAt && item.updatedAt > item.publishedAt ? item.updatedAt : item.publishedAt;
}

/** The newest change in the feed; null for an empty feed. */
export function feedChangedAt(feed: Feed): Date | null {
  if (feed.items.length === 0) return null;
  return new Date(Math.max(...feed.items.map((item) => itemChangedAt(item).getTime())));
}

/** Newest first (the id decides between equal dates, so that the order never flickers), at most `limits.feed.items`. */
export function newestFirst(items: readonly FeedItem[]): FeedItem[] {
  return items
    .toSorted(
      (a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    )
    .slice(0, limits.feed.items);
}
