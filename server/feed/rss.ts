import { element, escapeText, serializeXml, type XmlElement } from '../lib/xml.ts';
import { mediaRss } from './media-rss.ts';
import { authorsOf, type Feed, type FeedAttachment, type FeedItem, feedChangedAt } from './model.ts';

export const rssContentType = 'application/rss+xml; charset=utf-8';

/**
 * Renders RSS 2.0 (https://www.rssboard.org/rss-specification) by the RSS Advisory Board's best practices: an atom:link
 * to itself, description before content:encoded, and isPermaLink only for a guid that is the item's URL. Readers treat
 * a description as HTML, so a plain-text summary is escaped twice: as HTML, then as XML. An item has one enclosure at
 * most; its other attachments and its picture are elements of Media RSS.
 *
 * @param options.selfUrl the absolute URL of this document
 */
export function renderRss(feed: Feed, options: { selfUrl: string }): string {
  const changedAt = feedChangedAt(feed);
  const hasContent = feed.items.some((item) => item.contentHtml !== null);
  const hasMedia = feed.items.some(({ imageUrl, attachments = [] }) => imageUrl || attachments.length > 1);
  const hasDuration = feed.items.some(({ attachments }) => attachments?.[0]?.duration);
  const hasAuthors = feed.items.some((item) => authorsOf(item, feed).length > 0);
  return serializeXml(
    element(
      'rss',
      {
        version: '2.0',
        'xmlns:atom': 'http://www.w3.org/2005/Atom',
        ...(hasContent ? { 'xmlns:content': 'http://purl.org/rss/1.0/modules/content/' } : {}),
        ...(hasMedia ? { 'xmlns:media': mediaRss } : {}),
        ...(hasDuration ? { 'xmlns:itunes': 'http://www.itunes.com/dtds/podcast-1.0.dtd' } : {}),
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
        feed.iconUrl ? rssImage(feed, feed.iconUrl) : null,
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
    ...rssMedia(item),
    element('guid', { isPermaLink: item.id === item.url ? 'true' : 'false' }, item.id),
    item.publishedAt ? element('pubDate', {}, rfc822Date(item.publishedAt)) : null,
  );
}

/** The format requires the title and the link of the channel. */
function rssImage(feed: Feed, url: string): XmlElement {
  return element(
    'image',
    {},
    element('url', {}, url),
    element('title', {}, feed.title),
    element('link', {}, feed.homeUrl),
  );
}

function rssMedia({ imageUrl, attachments = [] }: FeedItem): (XmlElement | null)[] {
  const [first, ...others] = attachments;
  return [
    // The format requires the length: 0 if it is unknown.
    first
      ? element('enclosure', { url: first.url, length: String(first.size ?? 0), type: first.mediaType })
      : null,
    first?.duration ? element('itunes:duration', {}, String(Math.round(first.duration))) : null,
    ...others.map(mediaContent),
    imageUrl ? element('media:thumbnail', { url: imageUrl }) : null,
  ];
}

function mediaContent({ url, mediaType, size, duration }: FeedAttachment): XmlElement {
  return element('media:content', {
    url,
    type: mediaType,
    ...(size === undefined ? {} : { fileSize: String(size) }),
    ...(duration === undefined ? {} : { duration: String(Math.round(duration)) }),
  });
}
