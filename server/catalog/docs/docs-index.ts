import type { CatalogEntry } from '../catalog.ts';

/** The documentation's first page in Markdown: every procedure with a link to its own. */
export function docsIndex(entries: readonly CatalogEntry[], siteUrl: string): string {
  const groups = Map.groupBy(entries, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  const sections = [...groups].map(
    ([namespace, members]) =>
      `## ${namespace}\n\n${members.map((entry) => lineOf(entry, siteUrl)).join('\n')}`,
  );
  return `# Documentation

> Every procedure: what it takes, what it gives and how it is called.

How calls travel, are batched and refused: [How to call](${siteUrl}/docs/calling.md).

${sections.join('\n\n')}
`;
}

function lineOf({ path, summary, type, sensitive, scope }: CatalogEntry, siteUrl: string): string {
  const facts = [
    type,
    ...(sensitive ? ['personal data'] : []),
    ...(scope === null ? [] : [`key with scope ${scope}`]),
  ];
  return `- [${path}](${siteUrl}/docs/procedures/${path}.md) (${facts.join(', ')}): ${summary}`;
}
