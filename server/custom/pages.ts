import type { Env } from '../config/env.ts';

/** A page in the menu, on the start page, in the sitemap and in llms.txt. */
type Page = { path: `/${string}`; name: string; description: string };

/** Your own pages. Those of the product follow them in the menu. */
export const customPages = [
  {
    path: '/weather',
    name: 'Weather',
    description: 'A forecast from two sources, complete on first paint.',
  },
  {
    path: '/echo',
    name: 'Echo',
    description: 'Dates, maps and bigints keep their types over the wire.',
  },
  {
    path: '/posts',
    name: 'Posts',
    description: 'Articles from Markdown files, also as feeds.',
  },
] as const satisfies readonly Page[];

/** A page for signed-in users, in their menu. Where it is not offered, or users cannot sign in, it does not exist. */
type AccountPage = { path: `/${string}`; name: string; isOffered: (env: Env) => boolean };

/** Your own pages for signed-in users. */
export const customAccountPages = [
  { path: '/notes', name: 'Your notes', isOffered: (env) => env.NOTES_URL !== undefined },
] as const satisfies readonly AccountPage[];

/** Your own routes that take posted forms, for browsers without JavaScript. */
export const customFormRoutes: readonly string[] = ['/weather/choose', '/notes/add'];

/** Your own links at the end of each page, such as the source, an imprint or a privacy notice. */
export const customFooterLinks: readonly { url: string; name: string }[] = [];
