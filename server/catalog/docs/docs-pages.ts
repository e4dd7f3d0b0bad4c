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

/** A page of the documentation and its title. */
export type DocsPage = { path: '/docs' | `/docs/${string}`; title: string };

/** All pages of the documentation in reading order. */
export const docsPages: readonly DocsPage[] = [
  { path: '/docs', title: 'Overview' },
  { path: '/docs/calling', title: 'How to call' },
  ...[...procedures.keys()].map((path): DocsPage => ({ path: `/docs/${path}`, title: path })),
];

/** Returns the pages before and after a page. */
export function neighboursOf(path: string): { previous: DocsPage | undefined; next: DocsPage | undefined } {
  const index = docsPages.findIndex((page) => page.path === path);
  return { previous: docsPages[index - 1], next: docsPages[index + 1] };
}
