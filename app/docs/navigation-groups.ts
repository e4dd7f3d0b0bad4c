import { type DocsPage, docsPages } from '#server/catalog/docs/docs-pages.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

type NavigationLink = {
  href: DocsPage['path'];
  name: string;
  /** The type of a procedure that is no query. */
  note: string | null;
};

/** Links under a common heading. */
export type NavigationGroup = { name: string; links: readonly NavigationLink[] };

/** Returns all pages of the documentation: first the guides, then the procedures of each router. */
export function navigationGroups(): NavigationGroup[] {
  const [guides, pagesOfProcedures] = partition(docsPages, ({ title }) => !procedures.has(title));
  const routers = Map.groupBy(pagesOfProcedures, ({ title }) => title.slice(0, title.indexOf('.')));
  return [
    { name: 'Guide', links: guides.map(({ path, title }) => ({ href: path, name: title, note: null })) },
    ...[...routers].map(([name, pages]) => ({
      name,
      links: pages.map(({ path, title }) => ({
        href: path,
        name: title.slice(name.length + 1),
        note: noteOf(title),
      })),
    })),
  ];
}

function noteOf(path: string): string | null {
  const type = procedures.get(path)?.type;
  return type === undefined || type === 'query' ? null : type;
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
