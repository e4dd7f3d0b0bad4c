import { PageLink } from '#app/_components/page-link.tsx';
import type { CatalogEntry } from '#server/catalog/catalog.ts';

/** All errors of a procedure, with their reasons and HTTP statuses. */
export function Errors({ errors }: Pick<CatalogEntry, 'errors'>) {
  return (
    <section className="space-y-4" aria-labelledby="errors">
      <h2 id="errors">Errors</h2>
      <p className="max-w-prose text-muted">
        Every error has the same <PageLink href="/docs/calling">response format</PageLink>, with a reason and
        a request id.
      </p>
      <ul aria-label="Error reasons of this procedure" className="docs-fields">
        {errors.map(({ reason, httpStatus, message }) => (
          <li key={reason}>
            <p>
              <code className="text-ink">{reason}</code>
              <span className="docs-field-note tabular-nums">{httpStatus}</span>
            </p>
            <p className="text-muted">{message}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
