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
      <table className="field-table">
        <caption className="sr-only">Error reasons of this procedure</caption>
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {errors.map(({ reason, httpStatus, message }) => (
            <tr key={reason}>
              <th scope="row">
                <code className="font-normal text-ink">{reason}</code>
                <span className="block text-muted text-xs">{httpStatus}</span>
              </th>
              <td>{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
