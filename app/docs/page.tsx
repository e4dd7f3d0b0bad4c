import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { catalog } from '#server/catalog/catalog.ts';
import { callingSections } from '#server/catalog/docs/calling.ts';
import { services } from '#server/services.ts';
import { badgesOf } from './badges-of.ts';
import { Neighbours } from './neighbours.tsx';
import { ProcedureSearch } from './procedure-search.tsx';
import { topicsOf } from './topics.ts';

export const generateMetadata = () =>
  pageMetadata({
    path: '/docs',
    title: 'Documentation',
    description: 'Every procedure with its input, output, errors and limits, and a form to call it.',
    markdownPath: '/docs/index.md',
  });

/** Shows the results of the search query in the URL, also without JavaScript. */
export const instant = false;

export default async function DocsPage({ searchParams }: PageProps<'/docs'>) {
  await connection();
  const { q = '' } = await searchParams;
  const { RATE_LIMITS: rateLimits, SITE_URL: siteUrl } = services().env;
  const entries = catalog(rateLimits);
  const procedures = entries.map((entry) => ({
    path: entry.path,
    summary: entry.summary,
    description: entry.description,
    badges: badgesOf(entry),
  }));
  return (
    <div className="max-w-4xl space-y-8">
      <div className="space-y-3">
        <h1>Documentation</h1>
        <p className="max-w-prose text-muted">
          Every procedure with its schemas, examples and a form that calls it. The guide{' '}
          <PageLink href="/docs/calling">how to call</PageLink> covers the wire format, batches and errors.
          For agents: <a href="/llms.txt">llms.txt</a> and <a href="/docs/index.md">this page as Markdown</a>.
        </p>
      </div>
      <ProcedureSearch
        procedures={procedures}
        topics={topicsOf(callingSections(entries, siteUrl))}
        initialQuery={String(q)}
      />
      <Neighbours path="/docs" />
    </div>
  );
}
