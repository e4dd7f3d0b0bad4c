import { z } from 'zod';
import { identifier, optionalText, textList, timestamp, webUrl } from './fields.ts';
import type { FeedItem } from './model.ts';

/**
 * The shape of the rss.xml sample in Next's guide "Backend for Frontend":
 * `{ title, description, link, copyright, items: [{ title, description, link, publishDate, guid }] }`.
 */
export const guideFeedSchema = z.object({
  title: z.string().trim().min(1),
  description: z.string().catch(''),
  link: optionalText,
  language: optionalText,
  copyright: optionalText,
  items: z.array(z.unknown()),
});

/** One item, or undefined when it cannot be used: it needs a title, a link and a date. */
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
    summary: item.description,
    contentHtml: null,
    publishedAt: item.publishDate,
    categories: item.categories,
  };
}
