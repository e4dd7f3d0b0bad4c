import { element, serializeXml } from '../lib/xml.ts';

export type SitemapEntry = {
  /** Absolute. */
  url: string;
  /** Omitted if unknown: invented dates make search engines ignore every date of the sitemap. */
  changedAt?: Date | undefined;
};

/** https://www.sitemaps.org/protocol.html */
export function renderSitemap(entries: readonly SitemapEntry[]): string {
  return serializeXml(
    element(
      'urlset',
      { xmlns: 'http://www.sitemaps.org/schemas/sitemap/0.9' },
      ...entries.map(({ url, changedAt }) =>
        element(
          'url',
          {},
          element('loc', {}, url),
          changedAt ? element('lastmod', {}, changedAt.toISOString()) : null,
        ),
      ),
    ),
  );
}
