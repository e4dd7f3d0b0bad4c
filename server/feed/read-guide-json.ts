import { z } from 'zod';
import { identifier, languageTag, optionalText, textList, timestamp, webUrl } from './fields.ts';
import type { FeedItem } from './model.ts';
import { hasMarkup, textOfHtml } from './sanitize.ts';

/**
 * The shape of the rss.xml sample in Next's guide "Backend for Frontend":
 * `{ title, description, link, copyright, items: [{ title, description, link, publishDate, guid }] }`.
 */
export const guideFeedSchema = z.object({
  title: z.string().trim().min(1),
  description: z.string().catch(''),
  link: optionalText,
  language: languageTag,
  copyright: optionalText,
  items: z.array(z.unknown()),
});

/**
 * Reads one item; returns undefined if it lacks a title, a link or a date. The description is HTML, as in the RSS that
 * the guide generates.
 */
export function readGuideItem(raw: unknown, base: string): FeedItem | undefined {
  const url = webUrl(base);
  const schema = z.object({
    title: z.string().trim().min(1),
    description: z.string().catch(''),
    link: url,
    publishDate: timestamp,
    guid: identifier.optional().catch(undefined),
    categories: textList,
  });
  const item = schema.safeParse(raw).data;
  if (!item) return undefined;
  return {
    id: item.guid ?? item.link,
    url: item.link,
    title: item.title,
    summary: textOfHtml(item.description),
    contentHtml: hasMarkup(item.description) ? item.description : null,
    publishedAt: item.publishDate,
    categories: item.categories,
  };
}
