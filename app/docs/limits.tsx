import type { ReactNode } from 'react';
import { durationInWords } from '#app/_lib/duration-in-words.ts';
import type { CatalogEntry } from '#server/catalog/catalog.ts';

/** The limits of a procedure: rate, methods, sizes, privacy and required scope. */
export function Limits({ entry }: { entry: CatalogEntry }) {
  const { limits, methods, scope, sensitive, upload } = entry;
  const { rateLimit, formBodyBytes, queryBytes } = limits;
  return (
    <section className="space-y-4" aria-labelledby="limits">
      <h2 id="limits">Limits and privacy</h2>
      <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Item name="Rate limit">
          {rateLimit.points} calls in {durationInWords(rateLimit.windowSeconds)} per client, shared by all
          procedures of the class <code>{rateLimit.class}</code>
        </Item>
        <Item name="Methods">
          {methods.join(' or ')}
          {queryBytes !== null && `; with GET the query may have up to ${kilobytes(queryBytes)}`}
        </Item>
        {upload ? (
          <Item name="Body">One file up to {kilobytes(upload.maxBytes)}</Item>
        ) : (
          <>
            <Item name="Body">
              JSON up to {kilobytes(limits.jsonBodyBytes)}
              {formBodyBytes !== null &&
                `, or a multipart form with the same fields up to ${kilobytes(formBodyBytes)}`}
            </Item>
            <Item name="Batch">Up to {limits.batchSize} calls in one request</Item>
          </>
        )}
        <Item name="Privacy">
          {sensitive
            ? 'POST only, so that no URL, log or cache contains the input or the output'
            : 'No log contains the input or the output'}
        </Item>
        <Item name="Who may call">
          {scope === null ? (
            'Anyone'
          ) : (
            <>
              Services with a key that has the scope <code>{scope}</code>
            </>
          )}
        </Item>
      </dl>
    </section>
  );
}

function Item({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="font-medium">{name}</dt>
      <dd className="text-muted">{children}</dd>
    </div>
  );
}

/** Formats a limit. All limits are whole kilobytes. */
function kilobytes(bytes: number): string {
  return `${bytes / 1024} KB`;
}
