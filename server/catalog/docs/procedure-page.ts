import type { UserRequirement } from '../../principal.ts';
import type { CatalogEntry } from '../catalog.ts';
import { curlOf, typescriptOf } from './snippets.ts';

/** Returns the page of a procedure in Markdown: description, schemas, errors, limits and runnable example calls. */
export function procedurePage(entry: CatalogEntry, siteUrl: string): string {
  return `# ${entry.path}

> ${entry.summary}

${procedureText(entry, siteUrl)}`;
}

/** Returns the page without its title. `heading` sets the heading level, for use within a longer document. */
export function procedureText(entry: CatalogEntry, siteUrl: string, heading = '##'): string {
  const {
    type,
    methods,
    description,
    sensitive,
    scope,
    user,
    input,
    upload,
    output,
    examples,
    errors,
    limits,
  } = entry;
  const { rateLimit, formBodyBytes, queryBytes } = limits;
  const facts = [
    `Type: ${type}, called with ${methods.join(' or ')}`,
    ...(sensitive ? ['No URL, log or cache contains the input or the output'] : []),
    ...(scope === null ? [] : [`Requires a service key with the scope \`${scope}\``]),
    ...(user === null ? [] : [userFact(user)]),
  ];
  const bounds = [
    `${rateLimit.points} calls in ${rateLimit.windowSeconds} seconds per client (class \`${rateLimit.class}\`). Each call of a batch counts`,
    upload
      ? `File: up to ${kilobytes(upload.maxBytes)}, one in a call`
      : `Body: JSON up to ${kilobytes(limits.jsonBodyBytes)}${formBodyBytes === null ? '' : `, or a multipart form with the same fields up to ${kilobytes(formBodyBytes)}`}`,
    ...(queryBytes === null ? [] : [`Query of the URL: up to ${kilobytes(queryBytes)}`]),
    ...(upload ? [] : [`Batch: up to ${limits.batchSize} calls`]),
  ];
  return `${description}

${list(facts)}

${heading} Input

${inputText({ input, upload })}

${heading} Output

${type === 'subscription' ? 'The response is a stream of server-sent events (`text/event-stream`), in the format of tRPC. The data of each event is an item:' : 'The output is in `result.data` of the response.'}

${json(output.wire)}

${heading} Examples

${examples.length === 0 ? `None, because the procedure has no input${upload ? ' in JSON' : ''}.` : examples.map(({ wire }) => json(wire)).join('\n\n')}

${heading} Errors

${list(errors.map(({ reason, httpStatus, message }) => `\`${reason}\` (${httpStatus}): ${message}`))}

${heading} Limits

${list(bounds)}

${heading} curl

${fenced('sh', curlOf(entry, siteUrl))}

${heading} TypeScript

${fenced('ts', typescriptOf(entry, siteUrl))}
`;
}

function inputText({ input, upload }: Pick<CatalogEntry, 'input' | 'upload'>): string {
  if (upload) {
    return `A file: as \`multipart/form-data\` in the field \`file\`, or its bytes as \`application/octet-stream\`. Its content must be one of ${inCode(upload.mediaTypes).join(', ')}.`;
  }
  if (!input) return 'None.';
  return `The schema of the wire format, which is superjson's. Values marked \`x-superjson\` must be listed in \`meta\`.\n\n${json(input.wire)}`;
}

function userFact({ roles, scopes, maxAge, session }: UserRequirement): string {
  const facts = [
    ...(roles ? [`with the role ${inCode(roles).join(' or ')}`] : []),
    ...(scopes ? [`with the scope ${inCode(scopes).join(' and ')}`] : []),
    ...(maxAge === undefined ? [] : [`who signed in within the last ${maxAge / 60_000} minutes`]),
    ...(session ? ['in a browser'] : []),
  ];
  return ['Requires a signed-in user', ...facts].join(' ');
}

const inCode = (names: readonly string[]): string[] => names.map((name) => `\`${name}\``);

function kilobytes(bytes: number): string {
  return `${bytes / 1024} KB`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function json(value: unknown): string {
  return fenced('json', JSON.stringify(value, null, 2));
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}
