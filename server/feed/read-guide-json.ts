import { z } from 'zod';
import { languageTag, optionalId, optionalText, optionalTimestamp, optionalUrl, textList } from './fields.ts';
import type { FeedItem } from './model.ts';
import { completeItem, urlInId } from './read-item.ts';
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
 * Reads one item; returns undefined if it is empty. As in the RSS that the guide generates, the description is HTML, and
 * a guid that is a URL is the link of an item without one. `pubDate`, its name in RSS, is an alias of `publishDate`.
 */
export function readGuideItem(raw: unknown, base: string): FeedItem | undefined {
  const schema = z.object({
    title: optionalText,
    description: z.string().catch(''),
    link: optionalUrl(base),
    publishDate: optionalTimestamp,
    pubDate: optionalTimestamp,
    guid: optionalId,
    categories: textList,
  });
  const item = schema.safeParse(raw).data;
  if (!item) return undefined;
  const { title, description, link, guid, categories } = item;
  return completeItem({
    id: guid,
    url: link ?? urlInId(guid),
    title,
    summary: textOfHtml(description),
    contentHtml: hasMarkup(description) ? description : undefined,
    publishedAt: item.publishDate ?? item.pubDate,
    categories,
  });
}
