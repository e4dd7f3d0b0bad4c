import type { CatalogEntry } from '../catalog.ts';
import { documents } from '../raw-routes.ts';
import { callingSections } from './calling.ts';

/** The title of the last section. */
export const feedsAndFiles = 'Feeds and files';

/** Returns the Markdown of `/docs/calling.md`, which explains how to call procedures. */
export function callingGuide(entries: readonly CatalogEntry[], siteUrl: string): string {
  const sections = callingSections(entries, siteUrl).map(({ title, text }) => `## ${title}\n\n${text}`);
  return `# How to call

The typed clients handle all of this. This page describes the protocol for other clients. Values use the format of [superjson](https://github.com/flightcontrolhq/superjson), and tools use the [Model Context Protocol](https://modelcontextprotocol.io).

${sections.join('\n\n')}

## ${feedsAndFiles}

${documents.map(({ path, title, summary }) => `- [${title}](${siteUrl}${path}): ${summary}`).join('\n')}
${hasProcedure(entries, 'proxy.endpoints') ? `- [Raw endpoints](${siteUrl}/docs/proxy.endpoints): files from other backends, streamed at \`/api/raw\`\n` : ''}- [llms.txt](${siteUrl}/llms.txt): overview for language models
`;
}

function hasProcedure(entries: readonly CatalogEntry[], path: string): boolean {
  return entries.some((entry) => entry.path === path);
}
