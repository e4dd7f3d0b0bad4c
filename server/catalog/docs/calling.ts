import superjson from 'superjson';
import { limits } from '../../config/limits.ts';
import { mcpEndpoint, trpcEndpoint } from '../../config/paths.ts';
import { errorReasons } from '../../errors.ts';
import type { CatalogEntry } from '../catalog.ts';
import { curlOf, literalOf } from './snippets.ts';

export type Section = {
  title: string;
  /** Markdown without headings. */
  text: string;
};

/** How procedures are called: what holds for all of them. Written once, for readers and for language models. */
export function callingSections(entries: readonly CatalogEntry[], siteUrl: string): Section[] {
  const endpoint = `${siteUrl}${trpcEndpoint}`;
  return [
    { title: 'Calls', text: calls(entries, siteUrl) },
    { title: 'The wire form', text: wireForm() },
    { title: 'Batches', text: batches(endpoint) },
    { title: 'Errors', text: errors() },
    { title: 'Limits', text: callLimits(entries) },
    { title: 'Keys', text: keys },
    { title: 'Privacy', text: privacy(entries) },
    {
      title: 'Tools',
      text: `Agents that speak the Model Context Protocol find the procedures as tools at ${siteUrl}${mcpEndpoint}.`,
    },
  ];
}

function calls(entries: readonly CatalogEntry[], siteUrl: string): string {
  const first = entries.find(({ path }) => path === 'echo.body') ?? entries[0];
  return `A procedure is called over HTTP at \`${siteUrl}${trpcEndpoint}/<path>\`. A mutation takes POST with the input as JSON body and \`content-type: application/json\`. A query takes the same, and one that carries nothing personal also takes GET, with the input as JSON, percent-encoded, in the parameter \`input\`. One that takes nothing needs no \`input\`, and by POST the body \`{}\`. A call that works as printed:

\`\`\`sh
${first ? curlOf(first, siteUrl) : ''}
\`\`\``;
}

function wireForm(): string {
  const sample = { sentAt: new Date('2026-03-29T12:00:00.000Z'), text: 'hello' };
  return `Inputs and outputs travel in superjson's form: the value stands under \`json\`, and \`meta\` names the places whose type JSON cannot say, such as a date (an ISO 8601 string), a bigint, a set or a map. \`${literalOf(sample)}\` travels as

\`\`\`json
${JSON.stringify(superjson.serialize(sample))}
\`\`\`

An answer has the same form below \`result.data\`. echo.body answers this input with

\`\`\`json
${JSON.stringify({ result: { data: superjson.serialize({ res: sample }) } })}
\`\`\`

A value without such types needs no \`meta\`. Reading \`json\` alone is enough where strings will do for dates; libraries for superjson restore the types. A date in an input must be named in \`meta\`.`;
}

function batches(endpoint: string): string {
  const inputs = { 0: superjson.serialize('one'), 1: superjson.serialize('two') };
  return `Up to ${limits.batchSize} calls of one kind, queries or mutations, go in one request: their paths joined by commas, \`?batch=1\`, and the inputs as an object keyed by their place.

\`\`\`sh
curl '${endpoint}/echo.body,echo.body?batch=1' -H 'content-type: application/json' -d '${JSON.stringify(inputs)}'
\`\`\`

The answer is a list in the same order. When the calls ended differently its status is 207; each item says what became of its call. Each call counts against its limit.`;
}

function errors(): string {
  const reasons = Object.entries(errorReasons).map(
    ([reason, { httpStatus, message }]) => `| \`${reason}\` | ${httpStatus} | ${message} |`,
  );
  return `Every refusal and failure has the right HTTP status and one form, whatever refused it:

\`\`\`json
{ "error": { "json": { "message": "…", "code": -32600, "data": { "code": "BAD_REQUEST", "httpStatus": 400, "path": "weather.forecast", "requestId": "…", "reason": "invalid_input", "fieldErrors": { "lat": ["…"] } } } } }
\`\`\`

Go by \`reason\`, a closed list; the page of each procedure has those that it can give. \`fieldErrors\` are there for \`invalid_input\`, \`retryAfterSeconds\` where waiting helps. A 5xx has a fixed text; its cause is in the server's log alone, under the \`requestId\`, which is the header \`x-request-id\` too: name it when you ask the operator.

| reason | status | meaning |
|---|---|---|
${reasons.join('\n')}`;
}

function callLimits(entries: readonly CatalogEntry[]): string {
  const classes = entries.map(
    ({ limits: { rateLimit } }) =>
      `| \`${rateLimit.class}\` | ${rateLimit.points} | ${rateLimit.windowSeconds} |`,
  );
  return `Calls are counted for each client and for each service key, by classes:

| class | calls | in seconds |
|---|---|---|
${[...new Set(classes)].join('\n')}

\`RateLimit\` and \`RateLimit-Policy\` tell what is left; a 429 has \`Retry-After\`. A JSON body may have ${limits.jsonBodyBytes / 1024} KB, the query of a URL ${limits.queryBytes / 1024} KB.`;
}

const keys =
  'Other services send `authorization: Bearer <key>`. They have limits of their own, and a key may carry scopes, which some procedures ask for. A key that is not known is refused with 401, also where none is needed.';

function privacy(entries: readonly CatalogEntry[]): string {
  return `What is personal (where somebody is, what somebody looks for or writes) travels in bodies alone and stands in no URL, no log and no cache of a browser or proxy. So queries that carry it answer POST alone: ${sensitiveQueries(entries)}. A GET gets 405 with \`Allow: POST\`. Answers of procedures are never cached on the way: \`cache-control: private, no-store\`. The log has who called what and how it ended, never an input or an answer, and visitors' addresses only as a hash that means nothing after a restart.`;
}

function sensitiveQueries(entries: readonly CatalogEntry[]): string {
  const namespaces = entries
    .filter(({ type, sensitive }) => type === 'query' && sensitive)
    .map(({ path }) => `${path.split('.')[0]}.*`);
  return [...new Set(namespaces)].join(', ');
}
