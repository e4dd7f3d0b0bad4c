import { z } from 'zod';
import { escapeText } from '../lib/xml.ts';
import { authorList, identifier, languageTag, optionalText, textList, timestamp, webUrl } from './fields.ts';
import type { FeedAuthor, FeedItem } from './model.ts';

/** The supported fields of JSON Feed 1 and 1.1: https://www.jsonfeed.org/version/1.1/ */
export const jsonFeedSchema = z.object({
  version: z.enum(['https://jsonfeed.org/version/1', 'https://jsonfeed.org/version/1.1']),
  title: z.string().trim().min(1),
  description: z.string().catch(''),
  home_page_url: optionalText,
  language: languageTag,
  authors: z.unknown().optional(),
  author: z.unknown().optional(),
  items: z.array(z.unknown()),
});

/** Reads the authors: version 1 has a single `author`, version 1.1 a list. */
export function readAuthors(raw: { authors?: unknown; author?: unknown }, base: string): FeedAuthor[] {
  return authorList(base).parse(raw.authors ?? [raw.author]);
}

/** Maximum length, in characters, of a title derived from the text of an item without one, such as a short note. */
const derivedTitleLength = 80;

/** Reads one item; returns undefined if it lacks an id, a title or text, a date, or a URL (its id may be the URL). */
export function readJsonFeedItem(raw: unknown, base: string): FeedItem | undefined {
  const optionalUrl = webUrl(base).optional().catch(undefined);
  const optionalTimestamp = timestamp.optional().catch(undefined);
  const schema = z.object({
    id: identifier,
    url: optionalUrl,
    external_url: optionalUrl,
    title: optionalText,
    content_html: optionalText,
    content_text: optionalText,
    summary: optionalText,
    date_published: optionalTimestamp,
    date_modified: optionalTimestamp,
    tags: textList,
    authors: z.unknown().optional(),
    author: z.unknown().optional(),
  });
  const item = schema.safeParse(raw).data;
  if (!item) return undefined;
  const authors = readAuthors(item, base);

  const url = item.url ?? item.external_url ?? (/^https?:\/\//i.test(item.id) ? item.id : undefined);
  const publishedAt = item.date_published ?? item.date_modified;
  const title = item.title ?? shorten(item.summary ?? item.content_text);
  if (!url || !publishedAt || !title) return undefined;
  return {
    id: item.id,
    url,
    title,
    summary: item.summary ?? item.content_text ?? '',
    contentHtml: item.content_html ?? (item.content_text ? textToHtml(item.content_text) : null),
    publishedAt,
    ...(item.date_modified ? { updatedAt: item.date_modified } : {}),
    categories: item.tags,
    ...(authors.length > 0 ? { authors } : {}),
  };
}

function shorten(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const characters = Array.from(text.replace(/\s+/g, ' '));
  if (characters.length <= derivedTitleLength) return characters.join('');
  return `${characters.slice(0, derivedTitleLength - 1).join('')}…`;
}

function textToHtml(text: string): string {
  const paragraphs = text.split(/(?:\r?\n){2,}/).filter((paragraph) => paragraph.trim() !== '');
  return paragraphs
    .map((paragraph) => `<p>${escapeText(paragraph).replace(/\r?\n/g, '<br>')}</p>`)
    .join('\n');
}
