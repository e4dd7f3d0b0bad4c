import superjson from 'superjson';
import { limits } from '../../config/limits.ts';
import { mcpEndpoint, trpcEndpoint } from '../../config/paths.ts';
import { errorReasons } from '../../errors.ts';
import type { CatalogEntry } from '../catalog.ts';
import { curlOf, literalOf, shellQuote } from './snippets.ts';

export type Section = {
  title: string;
  /** Markdown without headings. */
  text: string;
};

/**
 * Returns the sections that explain how to call any procedure. The docs page, /docs/calling.md and llms.txt share them.
 */
export function callingSections(entries: readonly CatalogEntry[], siteUrl: string): Section[] {
  const endpoint = `${siteUrl}${trpcEndpoint}`;
  return [
    { title: 'Calls', text: calls(entries, siteUrl) },
    { title: 'Wire format', text: wireFormat(entries) },
    { title: 'Batches', text: batches(entries, endpoint) },
    { title: "tRPC's clients", text: trpcClients(endpoint) },
    { title: 'Errors', text: errors(entries) },
    { title: 'Limits', text: callLimits(entries) },
    { title: 'Keys', text: keys },
    ...(entries.some(({ user }) => user) ? [{ title: 'Users', text: users }] : []),
    { title: 'Privacy', text: privacy(entries) },
    {
      title: 'Tools',
      text: `Agents can use the procedures as tools of the Model Context Protocol at ${siteUrl}${mcpEndpoint}.`,
    },
  ];
}

/** Returns a procedure to show in an example: one that anyone can call. Prefers the one that returns its input. */
function exampleOf(entries: readonly CatalogEntry[]): CatalogEntry | undefined {
  const open = entries.filter(({ scope, user }) => scope === null && user === null);
  return (
    open.find(({ returnsInput }) => returnsInput) ?? open.find(({ type }) => type === 'query') ?? entries[0]
  );
}

function calls(entries: readonly CatalogEntry[], siteUrl: string): string {
  const example = exampleOf(entries);
  const runnable = example && `\n\nFor example:\n\n\`\`\`sh\n${curlOf(example, siteUrl)}\n\`\`\``;
  return `Call a procedure over HTTP at \`${siteUrl}${trpcEndpoint}/<path>\`. Mutations accept POST with the input as a JSON body and \`content-type: application/json\`. Queries accept that, too. Those that are not marked POST only also accept GET, with the input as percent-encoded JSON in the parameter \`input\`. If a procedure has no input, omit \`input\` with GET, and send the body \`{}\` or none with POST. An input without \`json\` is rejected.${runnable ?? ''}`;
}

function wireFormat(entries: readonly CatalogEntry[]): string {
  const sample = { sentAt: new Date('2026-03-29T12:00:00.000Z'), text: 'hello' };
  const echo = entries.find(({ returnsInput }) => returnsInput);
  return `Inputs and outputs use superjson's format: \`json\` contains the value, and \`meta\` lists the paths of types that JSON does not have, such as a date (an ISO 8601 string), a bigint, a set or a map. \`${literalOf(sample)}\` is sent as

\`\`\`json
${JSON.stringify(superjson.serialize(sample))}
\`\`\`

A response contains the same format in \`result.data\`. ${echo ? `The response of \`${echo.path}\` to this input is` : 'If the output is this value, the response is'}

\`\`\`json
${JSON.stringify({ result: { data: superjson.serialize(echo ? { res: sample } : sample) } })}
\`\`\`

Values without such types need no \`meta\`. You can read \`json\` alone if dates may stay strings; superjson libraries restore the types. Dates in an input must be listed in \`meta\`.`;
}

function batches(entries: readonly CatalogEntry[], endpoint: string): string {
  const example = exampleOf(entries);
  const [first, second = first] = example?.examples ?? [];
  const inputs = { 0: first?.wire ?? {}, 1: second?.wire ?? {} };
  const command =
    example &&
    `curl '${endpoint}/${example.path},${example.path}?batch=1' -H 'content-type: application/json' -d ${shellQuote(JSON.stringify(inputs))}`;
  return `Up to ${limits.batchSize} calls can share one request if all are queries or all are mutations. Join the paths with commas, add \`?batch=1\`, and send the inputs as an object keyed by the index of the call. By GET, a batch in which any call accepts only POST gets a 405 as a whole.

\`\`\`sh
${command ?? ''}
\`\`\`

The response is an array of the results in the same order. If their statuses differ, its status is 207. Each call counts against its rate limit. An error that concerns the whole request, such as a batch that is too large, is one error response and no array.

With \`trpc-accept: application/jsonl\` the response is streamed in tRPC's JSON lines: the result of each call is sent as soon as it is known, and the status is 200. A batch of one call, and an error that concerns the whole request, keep their status.`;
}

function trpcClients(endpoint: string): string {
  return `All links of \`@trpc/client\` 11 for HTTP work: \`httpLink\`, \`httpBatchLink\` and \`httpBatchStreamLink\`, which create-t3-app uses. Set the transformer, the size of a batch, and POST for the queries that accept only POST:

\`\`\`ts
httpBatchStreamLink({ url: '${endpoint}', transformer: superjson, maxItems: ${limits.batchSize}, methodOverride: 'POST' })
\`\`\``;
}

/** Returns a path and the name of an input field, for the example of an error. */
function fieldOf(entries: readonly CatalogEntry[]): { path: string; field: string } {
  for (const { path, input } of entries) {
    const [field] = Object.keys(input?.value.properties ?? {});
    if (field !== undefined) return { path, field };
  }
  return { path: entries[0]?.path ?? '', field: 'input' };
}

function errors(entries: readonly CatalogEntry[]): string {
  const { path, field } = fieldOf(entries);
  const reasons = Object.entries(errorReasons).map(
    ([reason, { httpStatus, message }]) => `| \`${reason}\` | ${httpStatus} | ${message} |`,
  );
  return `Every error response has the appropriate HTTP status and the same format:

\`\`\`json
{ "error": { "json": { "message": "…", "code": -32600, "data": { "code": "BAD_REQUEST", "httpStatus": 400, "path": "${path}", "requestId": "…", "reason": "invalid_input", "fieldErrors": { "${field}": ["…"] } } } } }
\`\`\`

Handle errors by \`reason\`, which is one of a closed list; the page of each procedure lists its reasons. \`fieldErrors\` is present for \`invalid_input\`, and \`retryAfterSeconds\` if a later attempt can succeed. A 5xx has a fixed message, and only the server's log contains its cause, under the \`requestId\`. The header \`x-request-id\` has the same id: include it when you contact the operator.

| reason | status | meaning |
|---|---|---|
${reasons.join('\n')}`;
}

function callLimits(entries: readonly CatalogEntry[]): string {
  const classes = entries.map(
    ({ limits: { rateLimit } }) =>
      `| \`${rateLimit.class}\` | ${rateLimit.points} | ${rateLimit.windowSeconds} |`,
  );
  return `Calls are rate-limited per client or service key, in these classes:

| class | calls | per seconds |
|---|---|---|
${[...new Set(classes)].join('\n')}

The headers \`RateLimit\` and \`RateLimit-Policy\` contain the remaining calls, and a 429 has \`Retry-After\`. The maximum size of a JSON body is ${limits.jsonBodyBytes / 1024} KB, and of the query of a URL ${limits.queryBytes / 1024} KB.`;
}

const users =
  'Some procedures belong to a signed-in user. They take the session cookie of a page of this site, or the access token of a user as `authorization: Bearer <token>`, and no service key. Without either they fail with `sign_in_required` or `session_ended`. `/.well-known/oauth-protected-resource` says who gives access tokens.';

const keys =
  'Other services send `authorization: Bearer <key>`. They have their own rate limits, and some procedures require a key with a certain scope. An unknown key is rejected with 401, even if the procedure requires no key.';

function privacy(entries: readonly CatalogEntry[]): string {
  const postOnly = postOnlyQueries(entries);
  return `Personal and confidential data (locations, search terms, messages) is sent only in bodies. It never appears in URLs, logs, or caches of browsers and proxies.${postOnly === '' ? '' : ` Queries that can have such data accept only POST: ${postOnly}. A GET gets a 405 with \`Allow: POST\`.`} Responses of procedures are not cacheable: \`cache-control: private, no-store\`. The log contains the caller, the procedure and the outcome of each call, but neither input nor output. Visitors' addresses are logged only as a salted hash whose salt changes with every restart.`;
}

/** Lists the paths, or a pattern for a namespace in which all queries are POST only. */
function postOnlyQueries(entries: readonly CatalogEntry[]): string {
  const queries = entries.filter(({ type }) => type === 'query');
  const namespaces = Map.groupBy(queries, ({ path }) => path.split('.')[0] ?? path);
  const patterns = [...namespaces].flatMap(([namespace, ofNamespace]) => {
    const postOnly = ofNamespace.filter(({ sensitive }) => sensitive);
    return postOnly.length === ofNamespace.length ? [`${namespace}.*`] : postOnly.map(({ path }) => path);
  });
  // Code, because Markdown reads the asterisks of two patterns as emphasis.
  return patterns.map((pattern) => `\`${pattern}\``).join(', ');
}
