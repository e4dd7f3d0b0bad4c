import { nameBasedUuid } from './ids.ts';
import type { FeedAuthor, FeedItem } from './model.ts';
import { textOfHtml } from './sanitize.ts';

/** The fields of one item in any source format. All are optional, as in RSS, Atom and JSON Feed. */
type SourceItem = {
  id: string | undefined;
  url: string | undefined;
  title: string | undefined;
  summary: string | undefined;
  contentHtml: string | undefined;
  publishedAt: Date | undefined;
  updatedAt?: Date | undefined;
  categories: string[];
  authors?: FeedAuthor[];
};

/** Maximum length, in characters, of a title derived from the text of an item without one, such as a short note. */
const derivedTitleLength = 80;

/**
 * Completes an item. One without an id is identified by its URL or its text, and one without a title gets the beginning
 * of its text or its date as title.
 *
 * @returns undefined for an empty item
 */
export function completeItem(item: SourceItem): FeedItem | undefined {
  const { url, title, summary = '', contentHtml, publishedAt, updatedAt, categories, authors } = item;
  const text = title ?? (summary || textOfHtml(contentHtml ?? ''));
  if (!url && !text && !contentHtml) return undefined;
  return {
    id: item.id ?? url ?? `urn:uuid:${nameBasedUuid(text)}`,
    url: url ?? null,
    title: title ?? (shorten(text) || (publishedAt?.toISOString().slice(0, 10) ?? 'Untitled')),
    summary,
    contentHtml: contentHtml ?? null,
    publishedAt: publishedAt ?? updatedAt ?? null,
    ...(updatedAt ? { updatedAt } : {}),
    categories,
    ...(authors && authors.length > 0 ? { authors } : {}),
  };
}

/** Returns the URL that an id consists of. */
export function urlInId(id: string | undefined): string | undefined {
  return id && /^https?:/i.test(id) ? URL.parse(id)?.href : undefined;
}

function shorten(text: string): string {
  const characters = Array.from(text.replace(/\s+/g, ' '));
  if (characters.length <= derivedTitleLength) return characters.join('');
  return `${characters.slice(0, derivedTitleLength - 1).join('')}…`;
}
