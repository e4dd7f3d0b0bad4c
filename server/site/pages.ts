/** The pages for everybody, but for those of single posts and procedures. The inbox of a demo is not for search engines. */
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
