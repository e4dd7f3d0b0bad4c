import { nameBasedUuid } from './ids.ts';
import type { FeedAttachment, FeedAuthor, FeedItem } from './model.ts';
import { textOfHtml } from './sanitize.ts';
import { shorten } from './shorten.ts';

/** The fields of one item in any source format. All are optional, as in RSS, Atom and JSON Feed. */
type SourceItem = Partial<Pick<FeedItem, 'externalUrl' | 'imageUrl' | 'updatedAt'>> & {
  id: string | undefined;
  url: string | undefined;
  title: string | undefined;
  summary: string | undefined;
  contentHtml: string | undefined;
  publishedAt: Date | undefined;
  categories: string[];
  attachments: FeedAttachment[];
  authors?: FeedAuthor[];
};

/** Maximum length, in characters, of a title derived from the text of an item without one, such as a short note. */
const derivedTitleLength = 80;

/**
 * Completes an item. One without an id is identified by its URL or its text, and one without a title gets the beginning
 * of its text, the name of its attachment or its date as title.
 *
 * @returns undefined for an empty item
 */
export function completeItem(item: SourceItem): FeedItem | undefined {
  const { url, externalUrl, summary = '', contentHtml, imageUrl, updatedAt, categories } = item;
  const [attachment] = item.attachments;
  const publishedAt = item.publishedAt ?? updatedAt ?? null;
  const text = item.title ?? (summary || textOfHtml(contentHtml ?? ''));
  const content = text || contentHtml || attachment?.url || imageUrl;
  if (!url && !content) return undefined;
  return {
    id: item.id ?? url ?? `urn:uuid:${nameBasedUuid(content ?? '')}`,
    url: url ?? null,
    externalUrl: externalUrl === url ? undefined : externalUrl,
    title: item.title ?? (shorten(text, derivedTitleLength) || attachment?.title || titleOfDate(publishedAt)),
    summary,
    contentHtml: contentHtml ?? null,
    imageUrl,
    attachments: attachment && item.attachments,
    publishedAt,
    updatedAt,
    categories,
    authors: item.authors?.length ? item.authors : undefined,
  };
}

function titleOfDate(date: Date | null): string {
  return date?.toISOString().slice(0, 10) ?? 'Untitled';
}

/** Returns the URL that an id consists of. */
export function urlInId(id: string | undefined): string | undefined {
  return id && /^https?:/i.test(id) ? URL.parse(id)?.href : undefined;
}
