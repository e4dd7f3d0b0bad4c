import { errorReasons } from '../errors.ts';
import { limits } from '../limits.ts';
import { trpcEndpoint } from '../paths.ts';
import type { RateLimits } from '../rate-limit-state.ts';
import { documents } from './raw-routes.ts';

/** How any procedure is called, in Markdown: what is the same for all of them. */
export function callingGuide({ siteUrl, rateLimits }: { siteUrl: string; rateLimits: RateLimits }): string {
  const endpoint = `${siteUrl}${trpcEndpoint}`;
  const kilobytes = (bytes: number) => `${bytes / 1024} KB`;
  return `# How to call

The typed clients do all of this by themselves. This is what they send and read, for those that have none.

## The wire form

A procedure is called at \`${endpoint}/<path>\`, such as \`${endpoint}/weather.forecast\`. Input and output travel in [superjson](https://github.com/flightcontrolhq/superjson)'s form: the value stands under \`json\`, and \`meta\` names the places whose type JSON cannot say.

\`\`\`json
{ "json": { "sentAt": "2026-03-29T12:00:00.000Z" }, "meta": { "values": { "sentAt": ["Date"] } } }
\`\`\`

- **Mutations** and **queries that carry personal data** take POST with that as the body and \`content-type: application/json\`. Without an input the body is \`{}\`.
- **Other queries** also take GET, with the same JSON in the parameter \`input\`.
- A success is \`{"result":{"data":{"json":…,"meta":…}}}\`. A client that knows no superjson reads dates as the ISO 8601 strings that they are in \`json\`.

## Batches

Up to ${limits.batchSize} calls of one kind, queries or mutations, go in one request: their paths joined by commas, \`?batch=1\`, and the inputs as an object keyed \`"0"\`, \`"1"\`, …

\`\`\`sh
curl '${endpoint}/echo.body,echo.body?batch=1' -H 'content-type: application/json' -d '{"0":{"json":1},"1":{"json":2}}'
\`\`\`

The answer is a list in the same order. When some failed and some did not the status is 207; each item says what became of it. Each call counts against its limit.

## Errors

Every refusal and failure has the right HTTP status and one form, whatever refused it:

\`\`\`json
{ "error": { "json": { "message": "…", "code": -32600, "data": { "code": "BAD_REQUEST", "httpStatus": 400, "path": "weather.forecast", "requestId": "…", "reason": "invalid_input", "fieldErrors": { "lat": ["…"] } } } } }
\`\`\`

Go by \`reason\`, a closed list. \`fieldErrors\` are there for \`invalid_input\`, \`retryAfterSeconds\` where waiting helps. A 5xx has a fixed text; its cause is in the server's log alone, under the \`requestId\`, which is the header \`x-request-id\` too.

| reason | status | meaning |
|---|---|---|
${Object.entries(errorReasons)
  .map(([reason, { httpStatus, message }]) => `| \`${reason}\` | ${httpStatus} | ${message} |`)
  .join('\n')}

## Limits

| class | calls | in seconds |
|---|---|---|
${(['light', 'upstream', 'mail'] as const)
  .map((name) => `| \`${name}\` | ${rateLimits[name].points} | ${rateLimits[name].windowSeconds} |`)
  .join('\n')}

They hold for each client and for each service key. \`RateLimit\` and \`RateLimit-Policy\` tell what is left; a 429 has \`Retry-After\`. A JSON body may have ${kilobytes(limits.jsonBodyBytes)}, the query of a URL ${kilobytes(limits.queryBytes)}.

## Keys

Other services send \`authorization: Bearer <key>\`. They have limits of their own, and a key may carry scopes, which some procedures ask for. A key that is not known is refused with 401, also where none is needed.

## Privacy

What is personal (where somebody is, what somebody looks for or writes) travels in bodies alone and stands in no URL, no log and no cache of a browser or proxy. Answers of procedures are never cached on the way: \`cache-control: private, no-store\`. The log has who called what and how it ended, never an input or an answer, and visitors' addresses only as a hash that means nothing after a restart.

## Feeds and files

${documents.map(({ path, title, summary }) => `- [${title}](${siteUrl}${path}): ${summary}`).join('\n')}
- [Raw endpoints](${siteUrl}/docs/proxy.endpoints): files of other backends, streamed at \`/api/raw\`
- [llms.txt](${siteUrl}/llms.txt): what language models read first
- \`${siteUrl}/mcp\` offers the procedures as tools of the [Model Context Protocol](https://modelcontextprotocol.io)
`;
}
