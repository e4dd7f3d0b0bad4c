import type { CatalogEntry } from '../catalog.ts';
import { documents } from '../raw-routes.ts';
import { callingSections } from './calling.ts';

/** `/docs/calling.md`: how any procedure is called, in Markdown. */
export function callingGuide(entries: readonly CatalogEntry[], siteUrl: string): string {
  const sections = callingSections(entries, siteUrl).map(({ title, text }) => `## ${title}\n\n${text}`);
  return `# How to call

The typed clients do all of this by themselves. This is what they send and read, for those that have none. The form is that of [superjson](https://github.com/flightcontrolhq/superjson), the tools are those of the [Model Context Protocol](https://modelcontextprotocol.io).

${sections.join('\n\n')}

## Feeds and files

${documents.map(({ path, title, summary }) => `- [${title}](${siteUrl}${path}): ${summary}`).join('\n')}
- [Raw endpoints](${siteUrl}/docs/proxy.endpoints): files of other backends, streamed at \`/api/raw\`
- [llms.txt](${siteUrl}/llms.txt): what language models read first
`;
}
