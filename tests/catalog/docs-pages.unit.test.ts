import { describe, expect, test } from 'vitest';
import { topicsFor } from '#app/docs/matches.ts';
import { navigationGroups } from '#app/docs/navigation-groups.ts';
import { guideSections, topicsOf } from '#app/docs/topics.ts';
import { catalog } from '#server/catalog/catalog.ts';
import { callingSections } from '#server/catalog/docs/calling.ts';
import { callingGuide, feedsAndFiles } from '#server/catalog/docs/calling-guide.ts';
import { docsPages, markdownPathOf, neighboursOf } from '#server/catalog/docs/docs-pages.ts';
import { parseEnv } from '#server/config/env.ts';
import { errorReasons } from '#server/errors.ts';
import { renderMarkdown } from '#server/lib/markdown.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

describe('the pages of the documentation', () => {
  test('all exist', () => {
    for (const { path } of docsPages) expect(markdownPathOf(path), path).toBeDefined();
  });

  test('have neighbours in reading order, except at the ends', () => {
    expect(neighboursOf('/docs')).toMatchObject({ previous: undefined, next: { path: '/docs/calling' } });
    expect(neighboursOf('/docs/calling')).toMatchObject({ previous: { path: '/docs' } });
    const last = docsPages.at(-1);
    expect(neighboursOf(last?.path ?? '')).toEqual({ previous: docsPages.at(-2), next: undefined });
  });

  test('are all in the navigation, procedures under their router and by the rest of their path', () => {
    const groups = navigationGroups();
    expect(groups.flatMap(({ links }) => links.map(({ href }) => href)).sort()).toEqual(
      docsPages.map(({ path }) => path).sort(),
    );
    expect(groups[0]?.links.map(({ name }) => name)).toEqual(['Overview', 'How to call']);
    for (const { name, links } of groups.slice(1)) {
      for (const link of links) expect(`/docs/${name}.${link.name}`).toBe(link.href);
    }
    const named = (name: string) => groups.filter((group) => group.name === name);
    expect(named('fixture')).toHaveLength(1);
    expect(named('fixture')[0]?.links).toContainEqual({
      href: '/docs/fixture.body',
      name: 'body',
      note: 'mutation',
    });
    expect(procedures.get('fixture.search')?.type).toBe('query');
    expect(named('fixture')[0]?.links).toContainEqual({
      href: '/docs/fixture.search',
      name: 'search',
      note: null,
    });
  });
});

test('the ids of the sections are those of the headings of the guide', () => {
  const siteUrl = 'https://bff.example';
  const entries = catalog(parseEnv({}).RATE_LIMITS);
  const sections = [...callingSections(entries, siteUrl), { title: feedsAndFiles }];
  const html = renderMarkdown(callingGuide(entries, siteUrl), {
    siteUrl,
    documentUrl: `${siteUrl}/docs/calling`,
    sameSiteLinks: 'from root',
  });
  expect([...html.matchAll(/<h2 id="([^"]*)">/g)].map(([, id]) => id)).toEqual(
    guideSections(sections).map(({ id }) => id),
  );
});

describe('the search', () => {
  const sections = [
    { title: 'Wire format', text: 'Inputs use `superjson`. More text.' },
    { title: 'Errors', text: 'Every error has the same format:\n\nA table' },
  ];
  const topics = topicsOf(sections);
  const titlesFor = (query: string) => topicsFor(topics, query).map(({ title }) => title);

  test('finds sections of the guide with their first sentence', () => {
    expect(topicsFor(topics, 'wire SUPERJSON')).toEqual([
      { title: 'Wire format', text: 'Inputs use superjson.', href: '/docs/calling#wire-format' },
    ]);
    expect(topics[1]).toEqual({
      title: 'Errors',
      text: 'Every error has the same format.',
      href: '/docs/calling#errors',
    });
  });

  test('finds error reasons by their name, status and message', () => {
    expect(titlesFor('rate_limited')).toEqual(['rate_limited']);
    expect(titlesFor('429')).toContain('rate_limited');
    expect(topics).toHaveLength(sections.length + Object.keys(errorReasons).length);
  });

  test('finds no topic without a word', () => {
    expect(titlesFor('  ')).toEqual([]);
  });
});
