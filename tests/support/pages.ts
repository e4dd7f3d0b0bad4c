import { defaultFolder, listPostFiles, slugOf } from '#server/feed/post-files.ts';
import { menuPages } from '#server/site/pages.ts';

/** Every page of the product, with one or two examples of pages with a parameter. */
export const pages = [
  '/',
  ...menuPages.map(({ path }) => path),
  '/design',
  '/docs/calling',
  '/docs/fixture.reading',
  '/docs/mail.list',
  '/feeds',
  '/inbox',
];

/** The slugs of the built-in posts. */
export const posts = listPostFiles(defaultFolder).map(slugOf);

export const pagesAndPosts = [...new Set([...pages, ...posts.map((slug) => `/posts/${slug}`)])];

/** One missing page for each kind of page. */
export const missingPages = [
  '/no-such-page',
  '/contact/no-such-page',
  '/no/such/page',
  '/docs/no.such.procedure',
];
