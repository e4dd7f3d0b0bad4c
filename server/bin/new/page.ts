import { type Change, create, edit, replace } from './change.ts';
import { fill, type Name } from './names.ts';

/** A page with a prefetched query, in the navigation and the sitemap, and its test. */
export function newPage(name: Name): Change[] {
  const { kebab, words } = name;
  return [
    create(`app/(interactive)/${kebab}/page.tsx`, fill('page', name)),
    create(`app/(interactive)/${kebab}/${kebab}-view.tsx`, fill('page-view', name)),
    edit(
      'app/layout.tsx',
      replace(/(\n {2}\{ href: '\/docs', name: 'Docs' \},)/, (docs = '') => {
        return `\n  { href: '/${kebab}', name: '${words}' },${docs}`;
      }),
    ),
    edit(
      'server/site/pages.ts',
      replace(/(\n {2}'\/posts',)/, (posts = '') => `\n  '/${kebab}',${posts}`),
    ),
    edit(
      'tests/support/pages.ts',
      replace(/(\n {2}'\/docs',)/, (docs = '') => `\n  '/${kebab}',${docs}`),
    ),
    create(`tests/browser/${kebab}.e2e.test.ts`, fill('page-test', name)),
  ];
}
