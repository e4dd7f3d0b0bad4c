import { customPages } from '#server/custom/pages.ts';

/** The pages in the sitemap, except those of single posts and procedures. The demo inbox is not indexed. */
export const pages = [
  '/',
  ...customPages.map(({ path }) => path),
  '/contact',
  '/proxy',
  '/feeds',
  '/docs',
  '/docs/calling',
  '/status',
];
