import { element, serializeXml, type XmlElement } from '../lib/xml.ts';
import { uriOf } from './ids.ts';
import { mediaRss } from './media-rss.ts';
import {
  authorsOf,
  type Feed,
  type FeedAttachment,
  type FeedAuthor,
  type FeedItem,
  feedChangedAt,
  itemChangedAt,
} from './model.ts';

export const atomContentType = 'application/atom+xml; charset=utf-8';

const noDate = new Date(0);

/**
 * Renders Atom 1.0 (RFC 4287). Every id is a URI. The feed always has an author, because an item may have none.
 * `updated` is the date of the newest change; the format requires it, so a feed or an item without a date gets 1970.
 *
 * @param options.selfUrl the absolute URL of this document, also used as the feed's id
 */
export function renderAtom(feed: Feed, options: { selfUrl: string }): string {
  return serializeXml(
    element(
      'feed',
      {
        xmlns: 'http://www.w3.org/2005/Atom',
        ...(feed.items.some((item) => item.imageUrl) ? { 'xmlns:media': mediaRss } : {}),
        ...(feed.language ? { 'xml:lang': feed.language } : {}),
      },
      element('id', {}, options.selfUrl),
      element('title', {}, feed.title),
      feed.description ? element('subtitle', {}, feed.description) : null,
      element('updated', {}, (feedChangedAt(feed) ?? noDate).toISOString()),
      element('link', { rel: 'self', type: 'application/atom+xml', href: options.selfUrl }),
      element('link', { rel: 'alternate', type: 'text/html', href: feed.homeUrl }),
      ...(feed.authors ?? [{ name: feed.title }]).map(atomAuthor),
      feed.iconUrl ? element('icon', {}, feed.iconUrl) : null,
      feed.copyright ? element('rights', {}, feed.copyright) : null,
      ...feed.items.map((item) => atomEntry(item, feed)),
    ),
  );
}

function atomEntry(item: FeedItem, feed: Feed): XmlElement {
  return element(
    'entry',
    {},
    element('id', {}, uriOf(item.id, feed.homeUrl)),
    element('title', {}, item.title),
    item.url ? element('link', { rel: 'alternate', href: item.url }) : null,
    item.externalUrl ? element('link', { rel: 'related', href: item.externalUrl }) : null,
    ...(item.attachments ?? []).map(atomEnclosure),
    item.publishedAt ? element('published', {}, item.publishedAt.toISOString()) : null,
    element('updated', {}, (itemChangedAt(item) ?? noDate).toISOString()),
    // Repeats the feed's authors: not every reader falls back to them.
    ...authorsOf(item, feed).map(atomAuthor),
    ...item.categories.map((term) => element('category', { term })),
    item.summary ? element('summary', { type: 'text' }, item.summary) : null,
    atomContent(item),
    item.imageUrl ? element('media:thumbnail', { url: item.imageUrl }) : null,
  );
}

function atomContent({ contentHtml, summary, url }: FeedItem): XmlElement | null {
  if (contentHtml !== null) return element('content', { type: 'html' }, contentHtml);
  // An entry must have a link or content.
  return url ? null : element('content', { type: 'text' }, summary);
}

function atomEnclosure({ url, mediaType, title, size }: FeedAttachment): XmlElement {
  return element('link', {
    rel: 'enclosure',
    href: url,
    type: mediaType,
    ...(size === undefined ? {} : { length: String(size) }),
    ...(title ? { title } : {}),
  });
}

function atomAuthor({ name, url }: FeedAuthor): XmlElement {
  return element('author', {}, element('name', {}, name), url ? element('uri', {}, url) : null);
}
