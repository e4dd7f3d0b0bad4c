import { PageLink } from '#app/_components/page-link.tsx';
import { type DocsPage, neighboursOf } from '#server/catalog/docs/docs-pages.ts';

/** Links to the pages before and after a page, in the order of the navigation. */
export function Neighbours({ path }: { path: string }) {
  const { previous, next } = neighboursOf(path);
  return (
    <nav aria-label="Previous and next page" className="docs-neighbours">
      {previous && <Neighbour rel="Previous" page={previous} />}
      {next && <Neighbour rel="Next" page={next} />}
    </nav>
  );
}

function Neighbour({ rel, page }: { rel: 'Previous' | 'Next'; page: DocsPage }) {
  return (
    <PageLink href={page.path} className={`docs-neighbour ${rel === 'Next' ? 'ms-auto text-end' : ''}`}>
      <span className="block text-muted text-sm">{rel}</span>
      <span className="font-medium text-accent">{page.title}</span>
    </PageLink>
  );
}
