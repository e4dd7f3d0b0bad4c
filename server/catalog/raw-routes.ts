/** A route that is not a procedure and serves a text that rarely changes. */
export type RawRoute = {
  path: string;
  title: string;
  /** One line, without a full stop. */
  summary: string;
  mediaType: string;
};

/** Feeds and documents about the product. Each route supports GET, HEAD and conditional requests. */
export const documents: readonly RawRoute[] = [
  {
    path: '/rss.xml',
    title: 'RSS feed',
    summary: 'RSS 2.0 of the posts',
    mediaType: 'application/rss+xml',
  },
  {
    path: '/atom.xml',
    title: 'Atom feed',
    summary: 'Atom 1.0 of the posts',
    mediaType: 'application/atom+xml',
  },
  {
    path: '/feed.json',
    title: 'JSON Feed',
    summary: 'JSON Feed 1.1 of the posts',
    mediaType: 'application/feed+json',
  },
  {
    path: '/openapi.json',
    title: 'OpenAPI',
    summary: 'OpenAPI 3.1 of all procedures, to generate clients in other languages',
    mediaType: 'application/json',
  },
  {
    path: '/llms-full.txt',
    title: 'Full documentation',
    summary: 'The introduction and the page of every procedure in one file',
    mediaType: 'text/plain',
  },
  {
    path: '/sitemap.xml',
    title: 'Sitemap',
    summary: 'Every page, for crawlers',
    mediaType: 'application/xml',
  },
];
