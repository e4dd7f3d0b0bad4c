import { element, serializeXml, type XmlElement } from '../lib/xml.ts';
import { uriOf } from './ids.ts';
import {
  authorsOf,
  type Feed,
  type FeedAuthor,
  type FeedItem,
  feedChangedAt,
  itemChangedAt,
} from './model.ts';

export const atomContentType = 'application/atom+xml; charset=utf-8';

/**
 * Atom 1.0 (RFC 4287). Every id is a URI, the feed has an author where the items need not, and `updated` is the date
 * of the newest change: of a feed without items it is 1970, since the format asks for one.
 *
 * @param options.selfUrl the absolute URL this document is fetched from, which is also the id of the feed
 */
export function renderAtom(feed: Feed, options: { selfUrl: string }): string {
  return serializeXml(
    element(
      'feed',
      { xmlns: 'http://www.w3.org/2005/Atom', ...(feed.language ? { 'xml:lang': feed.language } : {}) },
      element('id', {}, options.selfUrl),
      element('title', {}, feed.title),
      feed.description ? element('subtitle', {}, feed.description) : null,
      element('updated', {}, (feedChangedAt(feed) ?? new Date(0)).toISOString()),
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
    element('link', { rel: 'alternate', href: item.url }),
    element('published', {}, item.publishedAt.toISOString()),
    element('updated', {}, itemChangedAt(item).toISOString()),
    // Also those that the feed names: not every reader looks there.
    ...authorsOf(item, feed).map(atomAuthor),
    ...item.categories.map((term) => element('category', { term })),
    item.summary ? element('summary', { type: 'text' }, item.summary) : null,
    item.contentHtml === null ? null : element('content', { type: 'html' }, item.contentHtml),
  );
}

function atomAuthor({ name, url }: FeedAuthor): XmlElement {
  return element('author', {}, element('name', {}, name), url ? element('uri', {}, url) : null);
}
