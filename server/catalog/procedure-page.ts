import superjson from 'superjson';
import { exampleOf, toJsonSchema } from '../json-schema.ts';
import { limits } from '../limits.ts';
import { trpcEndpoint } from '../paths.ts';
import type { ProcedureEntry } from './procedures.ts';

/** One procedure in Markdown: what it does, its schemas, a curl and a TypeScript call that work as printed. */
export function procedurePage(entry: ProcedureEntry, siteUrl: string): string {
  const { path, type, meta } = entry;
  const methods = type === 'query' && !meta.sensitive ? 'GET or POST' : 'POST';
  const size = `${limits.jsonBodyBytes / 1024} KB`;
  return `# ${path}

> ${meta.summary}

${meta.description}

- Kind: ${type}, by ${methods}
- Carries personal data: ${meta.sensitive ? 'yes' : 'no'}
- Rate limit class: ${meta.rateLimit}
${meta.scope === undefined ? '' : `- Needs a service key with the scope \`${meta.scope}\`\n`}- Body: JSON up to ${size}${meta.form ? ', or a multipart form with the same fields' : ''}

## Input

${fenced('json', JSON.stringify(toJsonSchema(entry.input, 'input'), null, 2))}

## Output

Found at \`result.data.json\` of the answer.

${fenced('json', JSON.stringify(toJsonSchema(entry.output, 'output'), null, 2))}

## curl

${fenced('sh', curlOf(entry, siteUrl))}

## TypeScript

${fenced('ts', typescriptOf(entry, siteUrl))}
`;
}

/** A call of the entry's example that works as printed. */
export function curlOf({ path, type, meta, input }: ProcedureEntry, siteUrl: string): string {
  const url = `${siteUrl}${trpcEndpoint}/${path}`;
  const example = exampleOf(input);
  const wire = JSON.stringify(superjson.serialize(example));
  if (type === 'query' && !meta.sensitive) {
    const query = example === undefined ? '' : `?input=${encodeURIComponent(wire)}`;
    return `curl ${shellQuote(`${url}${query}`)}`;
  }
  const key = meta.scope === undefined ? '' : ' -H "authorization: Bearer $BFF_KEY"';
  return `curl ${shellQuote(url)}${key} -H 'content-type: application/json' -d ${shellQuote(example === undefined ? '{}' : wire)}`;
}

/** The same by the script client. */
export function typescriptOf({ path, type, input }: ProcedureEntry, siteUrl: string): string {
  const example = exampleOf(input);
  const argument = example === undefined ? '' : JSON.stringify(example);
  return `import { createScriptClient } from './client/node.ts';

const api = createScriptClient({ baseUrl: '${siteUrl}' });
const answer = await api.${path}.${type === 'query' ? 'query' : 'mutate'}(${argument});`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}
