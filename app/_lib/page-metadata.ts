import type { Metadata } from 'next';
import { connection } from 'next/server';
import { env } from '#server/config/env.ts';

export const openGraphImageSize = { width: 1200, height: 630 };

/**
 * What a page says of itself to search engines and to those who show links to it. Its address is absolute, and where
 * the site is is a setting of the start: a page that was rendered at the build could not know it.
 */
export async function pageMetadata(page: {
  /** From the root. */
  path: string;
  /** Left out for the start page, which has the site's. */
  title?: string;
  description: string;
  /** Path of the picture; the site's unless the page has its own. */
  imagePath?: string;
  /** Where the same stands as Markdown. */
  markdownPath?: string;
  article?: { publishedAt: Date; updatedAt?: Date | undefined; tags: string[] };
}): Promise<Metadata> {
  await connection();
  const { SITE_URL } = env();
  const { path, title, description, imagePath = '/opengraph-image', markdownPath, article } = page;
  const url = `${SITE_URL}${path}`;
  const shown = {
    title: title ?? 'typed-bff: a typed backend for frontend',
    description,
    images: [
      { url: `${SITE_URL}${imagePath}`, ...openGraphImageSize, type: 'image/png', alt: title ?? 'typed-bff' },
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
      ...shown,
      url,
      siteName: 'typed-bff',
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
    twitter: { card: 'summary_large_image', ...shown },
  };
}
