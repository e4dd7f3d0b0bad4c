import type { ReactNode } from 'react';
import type { CatalogEntry } from '#server/catalog/catalog.ts';

/** How it may be called, and how much. */
export function Limits({ entry }: { entry: CatalogEntry }) {
  const { limits, methods, scope, sensitive } = entry;
  const { rateLimit, formBodyBytes, queryBytes } = limits;
  return (
    <section className="space-y-4" aria-labelledby="limits">
      <h2 id="limits">Limits and privacy</h2>
      <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Item name="Rate limit">
          {rateLimit.points} calls in {rateLimit.windowSeconds} seconds for each client, shared by the class{' '}
          <code>{rateLimit.class}</code>
        </Item>
        <Item name="Methods">
          {methods.join(' or ')}
          {queryBytes !== null && `; by GET the query may have ${kilobytes(queryBytes)}`}
        </Item>
        <Item name="Body">
          JSON up to {kilobytes(limits.jsonBodyBytes)}
          {formBodyBytes !== null &&
            `, or a multipart form with the same fields up to ${kilobytes(formBodyBytes)}`}
        </Item>
        <Item name="Batch">{limits.batchSize} calls in one request</Item>
        <Item name="Personal data">
          {sensitive
            ? 'Yes: it travels by POST alone, so that none of it stands in a URL, a log or a cache'
            : 'None'}
        </Item>
        <Item name="Who may call">
          {scope === null ? (
            'Anyone'
          ) : (
            <>
              Other services, with a key that has the scope <code>{scope}</code>
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

/** Limits are whole ones. */
function kilobytes(bytes: number): string {
  return `${bytes / 1024} KB`;
}
