'use client';

import { useState } from 'react';
import { PageLink } from '#app/_components/page-link.tsx';
import { Badge } from './badge.tsx';
import { byNamespace, type ListedProcedure, matches } from './matches.ts';

/**
 * All procedures by namespace, with a search field that filters the list: on each keystroke, or without JavaScript by
 * reloading the page.
 */
export function ProcedureSearch({
  procedures,
  initialQuery,
}: {
  procedures: readonly ListedProcedure[];
  initialQuery: string;
}) {
  const [query, setQuery] = useState(initialQuery);
  const found = procedures.filter((procedure) => matches(procedure, query));

  function search(next: string): void {
    setQuery(next);
    const queryString = next.trim() === '' ? '' : `?${new URLSearchParams({ q: next })}`;
    // The URL follows the search, so that it can be shared. replaceState adds no history entry per keystroke.
    history.replaceState(history.state, '', `/docs${queryString}`);
  }

  return (
    <>
      <search>
        <form
          action="/docs"
          className="flex max-w-prose flex-wrap items-end gap-3"
          onSubmit={(event) => event.preventDefault()}
        >
          <label className="min-w-0 grow space-y-1">
            <span className="block font-medium">Search the procedures</span>
            <input
              type="search"
              name="q"
              className="field"
              value={query}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => search(event.target.value)}
            />
          </label>
          <noscript>
            <button type="submit" className="button">
              Search
            </button>
          </noscript>
        </form>
      </search>
      <p role="status" className="text-muted">
        {found.length === procedures.length
          ? `${procedures.length} procedures`
          : `${found.length} of ${procedures.length} procedures`}
      </p>
      {byNamespace(found).map(([namespace, members]) => (
        <section key={namespace} className="space-y-3" aria-labelledby={`in-${namespace}`}>
          <h2 id={`in-${namespace}`}>{namespace}</h2>
          <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
            {members.map(({ path, summary, badges }) => (
              <li key={path} className="relative space-y-1 px-5 py-4 has-[a:hover]:bg-page">
                <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <PageLink
                    href={`/docs/${path}`}
                    className="font-medium text-accent after:absolute after:inset-0"
                  >
                    <code>{path}</code>
                  </PageLink>
                  {badges.map((badge) => (
                    <Badge key={badge}>{badge}</Badge>
                  ))}
                </div>
                <p className="text-muted">{summary}</p>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {found.length === 0 && (
        <p>
          No procedure matches all of these words.{' '}
          <button
            type="button"
            className="cursor-pointer text-accent underline underline-offset-4"
            onClick={() => search('')}
          >
            Show all
          </button>
        </p>
      )}
    </>
  );
}
