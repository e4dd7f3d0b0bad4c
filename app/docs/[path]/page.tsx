import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { connection } from 'next/server';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { type CatalogEntry, describeProcedure } from '#server/catalog/catalog.ts';
import { services } from '#server/services.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { Badge } from '../badge.tsx';
import { badgesOf } from '../badges-of.ts';
import { Errors } from '../errors.tsx';
import { Limits } from '../limits.tsx';
import { Neighbours } from '../neighbours.tsx';
import { PageSections } from '../page-sections.tsx';
import { Prose } from '../prose.tsx';
import { Samples } from '../samples.tsx';
import { SchemaSection } from '../schema-section.tsx';
import { TryIt } from '../try-it.tsx';
import { UserNote } from '../user-note.tsx';

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
  const isCallable = entry.type !== 'subscription' && !entry.upload;
  return (
    <div className="docs-columns">
      <header className="space-y-4">
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
        <p className="text-sm">
          <a href={`/docs/procedures/${entry.path}.md`}>This page as Markdown</a>
        </p>
        <PageSections sections={sectionsOf(isCallable)} />
      </header>

      <Samples entry={entry} siteUrl={services().env.SITE_URL} />

      <div className="docs-body">
        <SchemaSection title="Input" schemas={entry.input} upload={entry.upload} />
        {entry.type !== 'subscription' && !entry.upload && (
          <section className="space-y-4" aria-labelledby="try">
            <h2 id="try">Try it</h2>
            {entry.user && <UserNote />}
            <TryIt
              path={entry.path}
              type={entry.type}
              scope={entry.scope}
              examples={entry.examples.map(({ wire }) => wire)}
              takesInput={entry.input !== null}
            />
          </section>
        )}
        <SchemaSection title="Output" schemas={entry.output} />
        <Limits entry={entry} />
        <Errors errors={entry.errors} />
        <Neighbours path={`/docs/${entry.path}`} />
      </div>
    </div>
  );
}

/** The samples are beside the other sections on wide screens. */
function sectionsOf(isCallable: boolean) {
  return [
    { id: 'call', title: 'Call it' },
    { id: 'input', title: 'Input' },
    ...(isCallable ? [{ id: 'try', title: 'Try it' }] : []),
    { id: 'output', title: 'Output' },
    { id: 'limits', title: 'Limits and privacy' },
    { id: 'errors', title: 'Errors' },
  ];
}

async function describe(params: Props['params']): Promise<CatalogEntry> {
  const entry = procedures.get((await params).path);
  // proxy.ts responds to unknown paths with 404. This covers client-side navigation.
  if (!entry) notFound();
  return describeProcedure(entry, services().env.RATE_LIMITS);
}
