import { readdirSync } from 'node:fs';

/** Every page of the product, with one or two examples of pages with a parameter. */
export const pages = [
  '/',
  '/weather',
  '/contact',
  '/echo',
  '/proxy',
  '/docs',
  '/docs/calling',
  '/docs/weather.forecast',
  '/docs/mail.list',
  '/feeds',
  '/posts',
  '/posts/one-typed-door',
  '/inbox',
  '/status',
];

/** The slugs of the built-in posts. */
export const posts = readdirSync('content/posts').map((file) => file.replace(/\.md$/, ''));

export const pagesAndPosts = [...new Set([...pages, ...posts.map((slug) => `/posts/${slug}`)])];

/** One missing page for each kind of page. */
export const missingPages = [
  '/no-such-page',
  '/posts/no-such-post',
  '/no/such/page',
  '/docs/no.such.procedure',
];
