import { limits } from '../limits.ts';
import type { CatalogEntry } from './catalog.ts';
import { curlOf } from './snippets.ts';

/** The product for language models, in the form of llmstxt.org: everything derived from the router. */
export function llmsText(entries: readonly CatalogEntry[], siteUrl: string): string {
  const sample = entries.find(({ path }) => path === 'echo.body');
  return `# typed-bff

> A typed backend for frontend: one tRPC endpoint for echo, email, weather and proxy procedures, and raw routes for feeds and files.

Procedures are called over HTTP under ${siteUrl}/api/trpc/<path>. Inputs and outputs travel in superjson's form: the value stands under \`json\`, and \`meta\` names the places that hold dates, maps, sets or bigints. A mutation takes POST with the input as JSON body and \`content-type: application/json\`; a public query also takes GET with the input in the \`input\` parameter. Queries that carry personal data (weather and proxy) answer POST alone.

A call that works as printed: \`${sample ? curlOf(sample, siteUrl) : ''}\`

A success is \`{"result":{"data":{"json":…}}}\`; a failure is \`{"error":{"json":{"message":…,"data":{"code","httpStatus","path","requestId","reason"}}}}\` with the right HTTP status. Several calls of one kind can go in one request: join the paths by commas, add \`?batch=1\`, and give the inputs as an object keyed "0", "1", …; at most ${limits.batchSize}. A JSON body may have ${limits.jsonBodyBytes / 1024} KB. Calls are limited for each client; the RateLimit header tells what is left, and a 429 has Retry-After.

## Procedures

${links(entries.map(({ path, summary }) => [path, `${siteUrl}/docs/procedures/${path}.md`, summary]))}

## Feeds and files

${links([
  [
    'Raw endpoints',
    `${siteUrl}/docs/procedures/proxy.endpoints.md`,
    'files of other backends, streamed at /api/raw; proxy.endpoints lists them',
  ],
  ['RSS feed', `${siteUrl}/rss.xml`, 'RSS 2.0 of the posts, with conditional requests'],
  ['Posts', `${siteUrl}/posts`, 'The same posts as pages'],
])}

## Optional

${links([
  ['Start page', siteUrl, 'What the product is'],
  ['Weather', `${siteUrl}/weather`, 'The weather procedures at work'],
])}
`;
}

function links(items: [name: string, url: string, notes: string][]): string {
  return items.map(([name, url, notes]) => `- [${name}](${url}): ${notes}`).join('\n');
}
