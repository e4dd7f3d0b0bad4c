import superjson from 'superjson';
import { errorReasons } from '../errors.ts';
import { limits } from '../limits.ts';
import { mcpEndpoint, trpcEndpoint } from '../paths.ts';
import type { CatalogEntry } from './catalog.ts';
import { curlOf, literalOf } from './snippets.ts';

/** How procedures are called, in Markdown without headings: what holds for all of them. */
export function callingText(entries: readonly CatalogEntry[], siteUrl: string): string {
  const sample = { sentAt: new Date('2026-03-29T12:00:00.000Z'), text: 'hello' };
  const first = entries.find(({ path }) => path === 'echo.body') ?? entries[0];
  const batch = { 0: superjson.serialize('one'), 1: superjson.serialize('two') };
  return `Procedures are called over HTTP at ${siteUrl}${trpcEndpoint}/<path>. A mutation takes POST with the input as JSON body and \`content-type: application/json\`. A query takes the same, and one that carries nothing personal also takes GET, with the input as JSON, percent-encoded, in the \`input\` parameter. One that takes nothing needs no \`input\`, and by POST the body \`{}\`.

Privacy: queries that carry personal data answer POST alone, so that nothing of it stands in a URL, a log or a cache. ${sensitiveQueries(entries)} are such. A GET gets 405 with \`Allow: POST\`.

A call that works as printed:

\`\`\`sh
${first ? curlOf(first, siteUrl) : ''}
\`\`\`

Inputs and outputs travel in superjson's form: the value under \`json\`, and \`meta\` where there is a type that JSON cannot say, such as a date (an ISO 8601 string), a bigint, a set or a map. \`${literalOf(sample)}\` travels as

\`\`\`json
${JSON.stringify(superjson.serialize(sample))}
\`\`\`

An answer has the same form below \`result.data\`. echo.body answers this input with

\`\`\`json
${JSON.stringify({ result: { data: superjson.serialize({ res: sample }) } })}
\`\`\`

A value without such types needs no \`meta\`. Reading \`json\` alone is enough where strings will do for dates; libraries for superjson restore the types. A date in an input must be named in \`meta\`.

Batch: up to ${limits.batchSize} calls of one kind, queries or mutations, go in one request. Join the paths by commas, add \`?batch=1\`, and key the inputs by their place: POST ${trpcEndpoint}/echo.body,echo.body?batch=1 with \`${JSON.stringify(batch)}\`. The answer is an array in the same order; its status is 207 when the calls ended differently.

Errors have the right HTTP status and one envelope, \`{"error":{"json":{"message","code","data":{"code","httpStatus","path","requestId","reason","fieldErrors"?,"retryAfterSeconds"?}}}}\`. Go by \`reason\`, which is of a closed list; the page of each procedure has those that it can give. Name the \`requestId\` when you ask the operator.

${Object.entries(errorReasons)
  .map(([reason, { httpStatus, message }]) => `- \`${reason}\` (${httpStatus}): ${message}`)
  .join('\n')}

Limits: a JSON body may have ${limits.jsonBodyBytes / 1024} KB, the query of a URL ${limits.queryBytes / 1024} KB. Calls are counted for each client by classes: ${classes(entries)}. The RateLimit header tells what is left; a 429 has Retry-After. Procedures for services need \`authorization: Bearer <key>\`. Agents that speak the Model Context Protocol find the procedures as tools at ${siteUrl}${mcpEndpoint}.`;
}

function sensitiveQueries(entries: readonly CatalogEntry[]): string {
  const namespaces = entries
    .filter(({ type, sensitive }) => type === 'query' && sensitive)
    .map(({ path }) => `${path.split('.')[0]}.*`);
  return [...new Set(namespaces)].join(', ');
}

function classes(entries: readonly CatalogEntry[]): string {
  const texts = entries.map(({ limits: { rateLimit } }) => {
    const { class: name, points, windowSeconds } = rateLimit;
    return `${name}, ${points} in ${windowSeconds} seconds`;
  });
  return [...new Set(texts)].join('; ');
}
