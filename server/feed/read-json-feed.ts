import { z } from 'zod';
import { escapeText } from '../lib/xml.ts';
import {
  amount,
  authorList,
  languageTag,
  listOf,
  mediaType,
  optionalId,
  optionalText,
  optionalTimestamp,
  optionalUrl,
  textList,
  webUrl,
} from './fields.ts';
import type { FeedAuthor, FeedItem } from './model.ts';
import { completeItem, urlInId } from './read-item.ts';

/**
 * Matches the `version` of JSON Feed, in all of its spellings: with http, with www or with a slash at the end. Another
 * document can have a field of that name, too.
 */
export const jsonFeedVersion = /\bjsonfeed\.org\/version\//i;

/** The supported fields of JSON Feed 1 and 1.1: https://www.jsonfeed.org/version/1.1/ */
export function jsonFeedSchema(base: string) {
  return z.object({
    title: optionalText,
    description: z.string().catch(''),
    home_page_url: optionalText,
    language: languageTag,
    icon: optionalUrl(base),
    favicon: optionalUrl(base),
    authors: z.unknown().optional(),
    author: z.unknown().optional(),
    items: z.array(z.unknown()),
  });
}

type AuthorReader = (raw: { authors?: unknown; author?: unknown }) => FeedAuthor[];

/** Returns a function that reads the authors: version 1 has a single `author`, version 1.1 a list. */
export function authorReader(base: string): AuthorReader {
  const schema = authorList(base);
  return ({ authors, author }) => schema.parse(authors ?? [author]);
}

function attachment(base: string) {
  return z
    .object({
      url: webUrl(base),
      mime_type: mediaType,
      title: optionalText,
      size_in_bytes: amount,
      duration_in_seconds: amount,
    })
    .transform(({ url, mime_type, title, size_in_bytes, duration_in_seconds }) => ({
      url,
      mediaType: mime_type,
      title,
      size: size_in_bytes,
      duration: duration_in_seconds,
    }));
}

/**
 * Returns a function that reads one item, or returns undefined if the item is empty. An id that is a URL is the URL of
 * an item without one. The schema is created once, which takes as long as reading many items.
 */
export function jsonFeedItemReader(base: string): (raw: unknown) => FeedItem | undefined {
  const readAuthors = authorReader(base);
  const schema = z.object({
    id: optionalId,
    url: optionalUrl(base),
    external_url: optionalUrl(base),
    title: optionalText,
    content_html: optionalText,
    content_text: optionalText,
    summary: optionalText,
    image: optionalUrl(base),
    banner_image: optionalUrl(base),
    attachments: listOf(attachment(base)),
    date_published: optionalTimestamp,
    date_modified: optionalTimestamp,
    tags: textList,
    authors: z.unknown().optional(),
    author: z.unknown().optional(),
  });
  return (raw) => {
    const item = schema.safeParse(raw).data;
    if (!item) return undefined;
    return completeItem({
      id: item.id,
      url: item.url ?? urlInId(item.id) ?? item.external_url,
      externalUrl: item.external_url,
      title: item.title,
      summary: item.summary ?? item.content_text,
      contentHtml: item.content_html ?? (item.content_text && textToHtml(item.content_text)),
      imageUrl: item.image ?? item.banner_image,
      attachments: item.attachments,
      publishedAt: item.date_published,
      updatedAt: item.date_modified,
      categories: item.tags,
      authors: readAuthors(item),
    });
  };
}

function textToHtml(text: string): string {
  const paragraphs = text
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '');
  return paragraphs.map((paragraph) => `<p>${escapeText(paragraph).replaceAll('\n', '<br>')}</p>`).join('\n');
}
