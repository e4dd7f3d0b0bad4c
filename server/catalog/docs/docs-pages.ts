import { procedures } from '../../trpc/procedure-registry.ts';

/**
 * Where the Markdown of a page of the documentation is; undefined where there is no such page.
 *
 * @param pathname `/docs` or below
 */
export function markdownPathOf(pathname: string): string | undefined {
  if (pathname === '/docs') return '/docs/index.md';
  if (pathname === '/docs/calling') return '/docs/calling.md';
  const path = pathname.slice('/docs/'.length);
  return procedures.has(path) ? `/docs/procedures/${path}.md` : undefined;
}
