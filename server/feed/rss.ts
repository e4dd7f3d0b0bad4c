import { element, escapeText, serializeXml, type XmlElement } from '../lib/xml.ts';
import { authorsOf, type Feed, type FeedItem, feedChangedAt } from './model.ts';

export const rssContentType = 'application/rss+xml; charset=utf-8';

/**
 * Renders RSS 2.0 (https://www.rssboard.org/rss-specification) by the RSS Advisory Board's best practices: an atom:link
 * to itself, description before content:encoded, and isPermaLink only for a guid that is the item's URL. Readers treat
 * a description as HTML, so a plain-text summary is escaped twice: as HTML, then as XML.
 *
 * @param options.selfUrl the absolute URL of this document
 */
export function renderRss(feed: Feed, options: { selfUrl: string }): string {
  const changedAt = feedChangedAt(feed);
  const hasContent = feed.items.some((item) => item.contentHtml !== null);
  const hasAuthors = feed.items.some((item) => authorsOf(item, feed).length > 0);
  return serializeXml(
    element(
      'rss',
      {
        version: '2.0',
        'xmlns:atom': 'http://www.w3.org/2005/Atom',
        ...(hasContent ? { 'xmlns:content': 'http://purl.org/rss/1.0/modules/content/' } : {}),
        ...(hasAuthors ? { 'xmlns:dc': 'http://purl.org/dc/elements/1.1/' } : {}),
      },
      element(
        'channel',
        {},
        element('title', {}, feed.title),
        element('link', {}, feed.homeUrl),
        element('description', {}, escapeText(feed.description)),
        feed.language ? element('language', {}, feed.language) : null,
        feed.copyright ? element('copyright', {}, feed.copyright) : null,
        changedAt ? element('lastBuildDate', {}, rfc822Date(changedAt)) : null,
        element('docs', {}, 'https://www.rssboard.org/rss-specification'),
        element('atom:link', { href: options.selfUrl, rel: 'self', type: 'application/rss+xml' }),
        ...feed.items.map((item) => rssItem(item, feed)),
      ),
    ),
  );
}

/** Formats a date by RFC 822 with the four-digit year that RSS 2.0 recommends: `Sun, 22 Nov 2026 10:00:00 GMT`. */
export function rfc822Date(date: Date): string {
  return date.toUTCString();
}

function rssItem(item: FeedItem, feed: Feed): XmlElement {
  return element(
    'item',
    {},
    element('title', {}, item.title),
    item.url ? element('link', {}, item.url) : null,
    item.summary ? element('description', {}, escapeText(item.summary)) : null,
    item.contentHtml === null ? null : element('content:encoded', {}, item.contentHtml),
    // RSS's own author element requires an email address.
    ...authorsOf(item, feed).map(({ name }) => element('dc:creator', {}, name)),
    ...item.categories.map((category) => element('category', {}, category)),
    element('guid', { isPermaLink: item.id === item.url ? 'true' : 'false' }, item.id),
    item.publishedAt ? element('pubDate', {}, rfc822Date(item.publishedAt)) : null,
  );
}
