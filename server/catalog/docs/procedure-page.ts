import type { CatalogEntry } from '../catalog.ts';
import { curlOf, typescriptOf } from './snippets.ts';

/** One procedure in Markdown: what it does, its schemas, errors and limits, calls that work as printed. */
export function procedurePage(entry: CatalogEntry, siteUrl: string): string {
  return `# ${entry.path}

> ${entry.summary}

${procedureText(entry, siteUrl)}`;
}

/** The page below its title, with headings of a level deeper where it stands among others. */
export function procedureText(entry: CatalogEntry, siteUrl: string, heading = '##'): string {
  const { type, methods, description, sensitive, scope, input, output, examples, errors, limits } = entry;
  const { rateLimit, formBodyBytes, queryBytes } = limits;
  const facts = [
    `Kind: ${type}, by ${methods.join(' or ')}`,
    `Carries personal data: ${sensitive ? 'yes, so nothing of it may stand in a URL' : 'no'}`,
    ...(scope === null ? [] : [`Needs a service key with the scope \`${scope}\``]),
  ];
  const bounds = [
    `${rateLimit.points} calls in ${rateLimit.windowSeconds} seconds for each client, class \`${rateLimit.class}\`; each call of a batch counts`,
    `Body: JSON up to ${kilobytes(limits.jsonBodyBytes)}${formBodyBytes === null ? '' : `, or a multipart form with the same fields up to ${kilobytes(formBodyBytes)}`}`,
    ...(queryBytes === null ? [] : [`The query of the URL: up to ${kilobytes(queryBytes)}`]),
    `Batch: up to ${limits.batchSize} calls`,
  ];
  return `${description}

${list(facts)}

${heading} Input

${input ? `What travels, superjson's form of the value. A type marked \`x-superjson\` is named in \`meta\`.\n\n${json(input.wire)}` : 'It takes nothing.'}

${heading} Output

Found at \`result.data\` of the answer.

${json(output.wire)}

${heading} Examples

${examples.length === 0 ? 'It takes nothing.' : examples.map(({ wire }) => json(wire)).join('\n\n')}

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
