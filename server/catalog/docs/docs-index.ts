import type { CatalogEntry } from '../catalog.ts';

/** Returns the Markdown of the documentation's first page, with links to all procedures. */
export function docsIndex(entries: readonly CatalogEntry[], siteUrl: string): string {
  const groups = Map.groupBy(entries, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  const sections = [...groups].map(
    ([namespace, group]) => `## ${namespace}\n\n${group.map((entry) => lineOf(entry, siteUrl)).join('\n')}`,
  );
  return `# Documentation

> The input, the output and example calls of every procedure.

The protocol, batches and errors: [How to call](${siteUrl}/docs/calling.md).

${sections.join('\n\n')}
`;
}

function lineOf({ path, summary, type, sensitive, scope, user }: CatalogEntry, siteUrl: string): string {
  const facts = [
    type,
    ...(sensitive && type === 'query' ? ['POST only'] : []),
    ...(scope === null ? [] : [`key with scope ${scope}`]),
    ...(user === null ? [] : ['for signed-in users']),
  ];
  return `- [${path}](${siteUrl}/docs/procedures/${path}.md) (${facts.join(', ')}): ${summary}`;
}
