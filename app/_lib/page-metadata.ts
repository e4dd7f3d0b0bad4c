import type { Metadata } from 'next';
import { connection } from 'next/server';
import { env } from '#server/config/env.ts';
import { productTagline, productTitle } from '#server/config/product-name.ts';

export const openGraphImageSize = { width: 1200, height: 630 };

/**
 * Returns the metadata of a page for search engines and link previews. Its URLs are absolute and use `SITE_URL`, which
 * is read at startup, so the page must not be prerendered at build time.
 */
export async function pageMetadata(page: {
  /** Path from the root of the site. */
  path: string;
  /** Omitted for the start page, which uses the site's title. */
  title?: string;
  description: string;
  /** Path of the Open Graph image. Default: the site's image. */
  imagePath?: string;
  /** Path of the Markdown version of the page. */
  markdownPath?: string;
  article?: { publishedAt: Date; updatedAt?: Date | undefined; tags: string[] };
}): Promise<Metadata> {
  await connection();
  const { SITE_URL } = env();
  const { path, title, description, imagePath = '/opengraph-image', markdownPath, article } = page;
  const url = `${SITE_URL}${path}`;
  const preview = {
    title: title ?? `${productTitle}: ${productTagline}`,
    description,
    images: [
      {
        url: `${SITE_URL}${imagePath}`,
        ...openGraphImageSize,
        type: 'image/png',
        alt: title ?? productTitle,
      },
    ],
  };
  return {
    ...(title === undefined ? {} : { title }),
    description,
    alternates: {
      canonical: url,
      ...(markdownPath ? { types: { 'text/markdown': markdownPath } } : {}),
    },
    openGraph: {
      ...preview,
      url,
      siteName: productTitle,
      locale: 'en',
      ...(article
        ? {
            type: 'article',
            publishedTime: article.publishedAt.toISOString(),
            ...(article.updatedAt ? { modifiedTime: article.updatedAt.toISOString() } : {}),
            tags: article.tags,
          }
        : { type: 'website' }),
    },
    twitter: { card: 'summary_large_image', ...preview },
  };
}
