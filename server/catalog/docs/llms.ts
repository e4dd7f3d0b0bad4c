import { customPages } from '#server/custom/pages.ts';
import { productTagline, productTitle } from '../../config/product-name.ts';
import type { CatalogEntry } from '../catalog.ts';
import { documents } from '../raw-routes.ts';
import { callingSections } from './calling.ts';
import { procedureText } from './procedure-page.ts';

const describedPages = [
  { path: '', name: 'Start page', description: 'Overview of the product' },
  ...customPages,
];

/** Returns `/llms.txt`, the overview for language models in the format of llmstxt.org, generated from the router. */
export function llmsText(entries: readonly CatalogEntry[], siteUrl: string): string {
  return `${introduction(entries, siteUrl)}

## Procedures

${links(entries.map(({ path, summary }) => [path, `${siteUrl}/docs/procedures/${path}.md`, summary]))}

## Feeds and files

${links([
  ...documents.map(({ title, path, summary }) => [title, `${siteUrl}${path}`, summary] as const),
  ['Feeds', `${siteUrl}/feeds`, 'The feeds and how to subscribe to them'],
  ...entries
    .filter(({ path }) => path === 'proxy.endpoints')
    .map(
      ({ path }) =>
        [
          'Raw endpoints',
          `${siteUrl}/docs/procedures/${path}.md`,
          `Files from other backends, streamed at /api/raw. ${path} lists them`,
        ] as const,
    ),
])}

## Optional

${links([
  [
    'Documentation',
    `${siteUrl}/docs`,
    'The same as web pages, with forms to try the procedures. Also available as Markdown by content negotiation',
  ],
  ...describedPages.map(({ path, name, description }) => [name, `${siteUrl}${path}`, description] as const),
])}
`;
}

/** Returns `/llms-full.txt`: the introduction, followed by the page of each procedure. */
export function llmsFullText(entries: readonly CatalogEntry[], siteUrl: string): string {
  const pages = entries.map(
    (entry) => `## ${entry.path}\n\n${entry.summary}.\n\n${procedureText(entry, siteUrl, '###')}`,
  );
  return `${introduction(entries, siteUrl)}\n\n${pages.join('\n')}`;
}

/** The format allows no headings before the first section. */
function introduction(entries: readonly CatalogEntry[], siteUrl: string): string {
  const sections = callingSections(entries, siteUrl).map(({ title, text }) => `**${title}.** ${text}`);
  const namespaces = [...new Set(entries.map(({ path }) => path.split('.')[0]))].join(', ');
  return `# ${productTitle}

> ${productTagline}: one tRPC endpoint for all procedures (${namespaces}), and raw routes for feeds and files.

${sections.join('\n\n')}`;
}

function links(items: readonly (readonly [name: string, url: string, notes: string])[]): string {
  return items.map(([name, url, notes]) => `- [${name}](${url}): ${notes}`).join('\n');
}
