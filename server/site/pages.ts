/** The pages in the sitemap, except those of single posts and procedures. The demo inbox is not indexed. */
export const pages = [
  '/',
  '/weather',
  '/contact',
  '/echo',
  '/proxy',
  '/posts',
  '/feeds',
  '/docs',
  '/docs/calling',
  '/status',
] as const;
