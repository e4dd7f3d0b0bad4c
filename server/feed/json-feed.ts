import type { Feed, FeedAttachment, FeedAuthor, FeedItem } from './model.ts';

export const jsonFeedContentType = 'application/feed+json; charset=utf-8';

/**
 * Renders JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). Text becomes well-formed Unicode: strict parsers
 * reject a lone surrogate, even as an escape.
 *
 * @param options.selfUrl the absolute URL of this document
 */
export function renderJsonFeed(feed: Feed, options: { selfUrl: string }): string {
  const document = {
    version: 'https://jsonfeed.org/version/1.1',
    title: feed.title,
    home_page_url: feed.homeUrl,
    feed_url: options.selfUrl,
    description: feed.description || undefined,
    icon: feed.iconUrl,
    authors: jsonAuthors(feed.authors),
    language: feed.language,
    items: feed.items.map(jsonItem),
  };
  const wellFormed = (_: string, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value;
  return `${JSON.stringify(document, wellFormed, 2)}\n`;
}

function jsonItem(item: FeedItem) {
  return {
    id: item.id,
    url: item.url ?? undefined,
    external_url: item.externalUrl,
    title: item.title,
    // The format requires one of the two.
    ...(item.contentHtml === null ? { content_text: item.summary } : { content_html: item.contentHtml }),
    summary: item.summary || undefined,
    image: item.imageUrl,
    attachments: item.attachments?.map(jsonAttachment),
    date_published: item.publishedAt?.toISOString(),
    date_modified: item.updatedAt?.toISOString(),
    tags: item.categories.length > 0 ? item.categories : undefined,
    authors: jsonAuthors(item.authors),
  };
}

function jsonAttachment({ url, mediaType, title, size, duration }: FeedAttachment) {
  return { url, mime_type: mediaType, title, size_in_bytes: size, duration_in_seconds: duration };
}

function jsonAuthors(authors: readonly FeedAuthor[] | undefined) {
  return authors && authors.length > 0 ? authors.map(({ name, url }) => ({ name, url })) : undefined;
}
