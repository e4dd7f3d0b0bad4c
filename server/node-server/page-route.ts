import { accountPages, pages } from '../site/pages.ts';

const staticPages: ReadonlySet<string> = new Set([
  ...pages,
  ...accountPages.map(({ path }) => path),
  '/design',
  '/inbox',
  '/sign-in',
]);
const dynamicPages: ReadonlyMap<string, string> = new Map([
  ['docs', '/docs/[path]'],
  ['inbox', '/inbox/[id]'],
  ['posts', '/posts/[slug]'],
]);

/** Returns the route of a page, for logs and metrics, or `page` for a path that no page has. */
export function pageRouteOf(path: string): string {
  if (staticPages.has(path)) return path;
  const [, folder = '', name, ...rest] = path.split('/');
  return (name && rest.length === 0 && dynamicPages.get(folder)) || 'page';
}
