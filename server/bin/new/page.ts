import { type Change, create, edit, editBetween } from './change.ts';
import { fill, type Name } from './names.ts';

/** A page with a prefetched query, in the list of pages, and its test. */
export function newPage(name: Name): Change[] {
  const { kebab, words } = name;
  return [
    create(`app/(interactive)/${kebab}/page.tsx`, fill('page', name)),
    create(`app/(interactive)/${kebab}/${kebab}-view.tsx`, fill('page-view', name)),
    edit(
      'server/custom/pages.ts',
      editBetween('customPages = [', '] as const', (pages) => {
        return `${pages}  { path: '/${kebab}', name: '${words}', description: 'Describe it here.' },\n`;
      }),
    ),
    create(`tests/browser/${kebab}.e2e.test.ts`, fill('page-test', name)),
  ];
}
