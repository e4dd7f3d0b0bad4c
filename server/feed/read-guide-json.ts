import { z } from 'zod';
import {
  amount,
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
import type { FeedItem } from './model.ts';
import { completeItem, urlInId } from './read-item.ts';
import { hasMarkup, textOfHtml } from './sanitize.ts';

/**
 * The shape of the rss.xml sample in Next's guide "Backend for Frontend":
 * `{ title, description, link, copyright, items: [{ title, description, link, publishDate, guid }] }`.
 */
export function guideFeedSchema(base: string) {
  return z.object({
    title: z.string().trim().min(1),
    description: z.string().catch(''),
    link: optionalText,
    language: languageTag,
    image: imageUrl(base),
    copyright: optionalText,
    items: z.array(z.unknown()),
  });
}

/** A picture: its URL, or as in RSS an object with the URL. */
function imageUrl(base: string) {
  const inObject = z.object({ url: webUrl(base) }).transform(({ url }) => url);
  return z
    .union([webUrl(base), inObject])
    .optional()
    .catch(undefined);
}

function enclosure(base: string) {
  return z
    .object({ url: webUrl(base), type: mediaType, length: amount })
    .transform(({ url, type, length }) => ({ url, mediaType: type, size: length }));
}

/**
 * Returns a function that reads one item, or returns undefined if the item is empty. As in the RSS that the guide
 * generates, the description is HTML, and a guid that is a URL is the link of an item without one. Names of RSS work,
 * too: `pubDate`, `enclosure` and `image`.
 */
export function guideItemReader(base: string): (raw: unknown) => FeedItem | undefined {
  const schema = z.object({
    title: optionalText,
    description: z.string().catch(''),
    link: optionalUrl(base),
    publishDate: optionalTimestamp,
    pubDate: optionalTimestamp,
    guid: optionalId,
    image: imageUrl(base),
    enclosure: listOf(enclosure(base)),
    categories: textList,
  });
  return (raw) => {
    const item = schema.safeParse(raw).data;
    if (!item) return undefined;
    const { title, description, link, guid, categories } = item;
    return completeItem({
      id: guid,
      url: link ?? urlInId(guid),
      title,
      summary: textOfHtml(description),
      contentHtml: hasMarkup(description) ? description : undefined,
      imageUrl: item.image,
      attachments: item.enclosure,
      publishedAt: item.publishDate ?? item.pubDate,
      categories,
    });
  };
}
