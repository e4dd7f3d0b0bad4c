import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { type CatalogEntry, describeProcedure } from '#server/catalog/catalog.ts';
import { curlOf, typescriptOf } from '#server/catalog/docs/snippets.ts';
import { services } from '#server/services.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { Badge } from '../badge.tsx';
import { badgesOf } from '../badges-of.ts';
import { CodeSample } from '../code-sample.tsx';
import { Errors } from '../errors.tsx';
import { Limits } from '../limits.tsx';
import { PageSections } from '../page-sections.tsx';
import { Prose } from '../prose.tsx';
import { hookOf, serverComponentOf } from '../react-snippets.ts';
import { SchemaSection } from '../schema-section.tsx';
import { TryIt } from '../try-it.tsx';

type Props = PageProps<'/docs/[path]'>;

/** Shows the configured limits and the URL of this site. */
export const instant = false;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { path, summary } = await describe(params);
  return pageMetadata({
    path: `/docs/${path}`,
    title: path,
    description: `${summary}.`,
    markdownPath: `/docs/procedures/${path}.md`,
  });
}

export default async function ProcedurePage({ params }: Props) {
  await connection();
  const entry = await describe(params);
  const siteUrl = services().env.SITE_URL;
  return (
    <div className="space-y-10">
      <header className="space-y-3">
        <p>
          <PageLink href="/docs">Documentation</PageLink>
        </p>
        <h1 className="font-mono text-2xl sm:text-3xl">{entry.path}</h1>
        <p className="flex flex-wrap gap-2">
          {badgesOf(entry).map((badge) => (
            <Badge key={badge}>{badge}</Badge>
          ))}
        </p>
        <p className="max-w-prose text-lg">{entry.summary}.</p>
        <p className="max-w-prose text-muted">
          <Prose text={entry.description} />
        </p>
        <p>
          <a href={`/docs/procedures/${entry.path}.md`}>This page as Markdown</a>
        </p>
      </header>
      <PageSections />

      {entry.type !== 'subscription' && !entry.upload && (
        <section className="space-y-4" aria-labelledby="try">
          <h2 id="try">Try it</h2>
          <TryIt
            path={entry.path}
            type={entry.type}
            scope={entry.scope}
            examples={entry.examples.map(({ wire }) => wire)}
            takesInput={entry.input !== null}
          />
        </section>
      )}

      <section className="space-y-4" aria-labelledby="call">
        <h2 id="call">Call it</h2>
        <div className="grid gap-6 lg:grid-cols-2">
          <CodeSample title="React component" code={hookOf(entry)} />
          {entry.type !== 'subscription' && !entry.upload && (
            <CodeSample title="Server component" code={serverComponentOf(entry)} />
          )}
          <CodeSample title="Script or other service" code={typescriptOf(entry, siteUrl)} />
          <CodeSample title="curl" code={curlOf(entry, siteUrl)} />
        </div>
      </section>

      <SchemaSection title="Input" schemas={entry.input} upload={entry.upload} />
      <SchemaSection title="Output" schemas={entry.output} />
      <Limits entry={entry} />
      <Errors errors={entry.errors} />
    </div>
  );
}

async function describe(params: Props['params']): Promise<CatalogEntry> {
  const entry = procedures.get((await params).path);
  // proxy.ts responds to unknown paths with 404. This covers client-side navigation.
  if (!entry) notFound();
  return describeProcedure(entry, services().env.RATE_LIMITS);
}
