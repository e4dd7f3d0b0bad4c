import { procedures } from '../../trpc/procedure-registry.ts';

/**
 * Returns the path of the Markdown version of a documentation page, or undefined if there is no such page.
 *
 * @param pathname `/docs` or below
 */
export function markdownPathOf(pathname: string): string | undefined {
  if (pathname === '/docs') return '/docs/index.md';
  if (pathname === '/docs/calling') return '/docs/calling.md';
  const path = pathname.slice('/docs/'.length);
  return procedures.has(path) ? `/docs/procedures/${path}.md` : undefined;
}
