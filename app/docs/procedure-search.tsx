'use client';

import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { PageLink } from '#app/_components/page-link.tsx';
import { Badge } from './badge.tsx';
import { searchId } from './ids.ts';
import { byNamespace, type ListedProcedure, type ListedTopic, matches, topicsFor } from './matches.ts';

type Props = {
  procedures: readonly ListedProcedure[];
  topics: readonly ListedTopic[];
  initialQuery: string;
};

/**
 * All procedures by namespace, with a search field that filters the list: on each keystroke, or without JavaScript by
 * reloading the page. The search also finds sections of the guide and error reasons.
 */
export function ProcedureSearch({ procedures, topics, initialQuery }: Props) {
  const [query, setQuery] = useState(initialQuery);
  const field = useRef<HTMLInputElement>(null);
  const found = procedures.filter((procedure) => matches(procedure, query));
  const foundTopics = topicsFor(topics, query);

  useEffect(() => {
    // The key / leads here from other pages. The router does not focus the target of a fragment.
    if (location.hash === `#${searchId}`) field.current?.focus();
  }, []);

  function search(next: string): void {
    setQuery(next);
    const queryString = next.trim() === '' ? '' : `?${new URLSearchParams({ q: next })}`;
    // The URL follows the search, so that it can be shared. replaceState adds no history entry per keystroke.
    history.replaceState(history.state, '', `/docs${queryString}`);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move between the links, which Tab reaches, too
    <div className="space-y-8" onKeyDown={moveBetweenResults}>
      <search>
        <form
          action="/docs"
          className="flex max-w-prose flex-wrap items-end gap-3"
          onSubmit={(event) => event.preventDefault()}
        >
          <label className="min-w-0 grow space-y-1">
            <span className="block font-medium">Search procedures, guide and errors</span>
            <input
              ref={field}
              id={searchId}
              type="search"
              name="q"
              className="field scroll-mt-6"
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
        {summaryOf({ found: found.length, of: procedures.length, topics: foundTopics.length })}
      </p>
      {byNamespace(found).map(([namespace, members]) => (
        <section key={namespace} className="space-y-2" aria-labelledby={`in-${namespace}`}>
          <h2 id={`in-${namespace}`}>{namespace}</h2>
          <ul className="docs-results">
            {members.map(({ path, summary, badges }) => (
              <li key={path}>
                <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <PageLink href={`/docs/${path}`} className="docs-result">
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
      {foundTopics.length > 0 && <Topics topics={foundTopics} />}
      {found.length + foundTopics.length === 0 && (
        <p>
          Nothing here contains all of these words.{' '}
          <button
            type="button"
            className="cursor-pointer text-accent underline underline-offset-4"
            onClick={() => search('')}
          >
            Show all
          </button>
        </p>
      )}
    </div>
  );
}

function Topics({ topics }: { topics: readonly ListedTopic[] }) {
  return (
    <section className="space-y-2" aria-labelledby="in-guide">
      <h2 id="in-guide">In the guide</h2>
      <ul className="docs-results">
        {topics.map(({ title, text, href }) => (
          <li key={title}>
            <PageLink href={href} className="docs-result">
              {title}
            </PageLink>
            <p className="text-muted">{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function summaryOf(counts: { found: number; of: number; topics: number }): string {
  const { found, of: all, topics } = counts;
  const procedures = found === all ? `${all} procedures` : `${found} of ${all} procedures`;
  return topics === 0 ? procedures : `${procedures}, ${topics} in the guide`;
}

/** Moves the focus with the arrow keys from the search field to the results and between them. */
function moveBetweenResults(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input[type="search"], .docs-result')];
  const index = stops.findIndex((stop) => stop.matches(':focus'));
  const next = stops[index + step];
  if (index === -1 || !next) return;
  event.preventDefault();
  next.focus();
}
