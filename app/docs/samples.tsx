import { Code } from '#app/_components/code.tsx';
import { CopyButton } from '#app/_components/copy-button.tsx';
import type { CatalogEntry } from '#server/catalog/catalog.ts';
import { trpcEndpoint } from '#server/config/paths.ts';
import { LanguageChoice } from './language-choice.tsx';
import { samplesOf } from './samples-of.ts';

/** The same call in several languages. Radio buttons switch between them, also without JavaScript. */
export function Samples({ entry, siteUrl }: { entry: CatalogEntry; siteUrl: string }) {
  const samples = samplesOf(entry, siteUrl);
  return (
    <section className="docs-samples" aria-labelledby="call">
      <h2 id="call">Call it</h2>
      <p className="font-mono text-sm">
        <span className="text-muted">{entry.methods.join(' or ')}</span> {trpcEndpoint}/{entry.path}
      </p>
      <LanguageChoice languages={samples.map(({ id, title }) => ({ id, title }))} />
      {samples.map(({ id, title, note, language, code }) => (
        <div key={id} data-sample="" data-language={id} className="min-w-0 space-y-2">
          <div className="flex min-h-9 items-center justify-between gap-3">
            <h3 className="font-normal text-muted text-sm">
              <span className="sr-only">{title}: </span>
              {note}
            </h3>
            <CopyButton label={title} />
          </div>
          <pre className="code docs-code">
            <Code language={language}>{code}</Code>
          </pre>
        </div>
      ))}
      <Secrets entry={entry} />
    </section>
  );
}

function Secrets({ entry: { scope, user } }: { entry: CatalogEntry }) {
  if (scope !== null) {
    return (
      <p className="text-muted text-sm">
        The samples read the service key from the environment variable <code>BFF_KEY</code>.
      </p>
    );
  }
  if (user === null) return null;
  return (
    <p className="text-muted text-sm">
      The samples read the value of the session cookie from the environment variable <code>BFF_SESSION</code>.
    </p>
  );
}
