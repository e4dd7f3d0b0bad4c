import { customAccountPages, customPages } from '#server/custom/pages.ts';
import type { Env } from '../config/env.ts';

/** The pages in the menu. */
export const menuPages = [
  ...customPages,
  { path: '/contact', name: 'Contact' },
  { path: '/proxy', name: 'Proxy' },
  { path: '/docs', name: 'Docs' },
  { path: '/status', name: 'Status' },
] as const;

/** The pages in the sitemap, except those of single posts and procedures. The demo inbox is not indexed. */
export const pages: readonly string[] = [
  '/',
  ...menuPages.map(({ path }) => path),
  '/posts',
  '/feeds',
  '/docs/calling',
].filter((path, index, all) => all.indexOf(path) === index);

/** The pages of the signed-in user, in the menu of the user. Not offered pages and those of others do not exist. */
export const accountPages = [
  ...customAccountPages,
  { path: '/account', name: 'Your account', isOffered: (_env: Env) => true },
] as const;
