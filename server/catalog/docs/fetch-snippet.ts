import { requestOf, type SnippetEntry, type SnippetHeader, type SnippetRequest } from './http-snippets.ts';
import { javascript, jsonLiteral } from './json-literal.ts';

/** Returns JavaScript that makes the first example's call with `fetch`, without a library. */
export function fetchOf(entry: SnippetEntry, siteUrl: string): string {
  const request = requestOf(entry, siteUrl);
  const call = `const response = await fetch('${request.url}'${optionsOf(request)});`;
  if (entry.type === 'subscription') {
    return `${call}
const texts = response.body.pipeThrough(new TextDecoderStream());
for await (const text of texts) console.log(text);`;
  }
  return `${call}
const { result, error } = await response.json();
if (error) throw new Error(error.json.message);
console.log(result.data.json);`;
}

function optionsOf({ method, headers, body }: SnippetRequest): string {
  const lines = [
    ...(method === 'GET' ? [] : [`method: '${method}'`]),
    ...(headers.length === 0 ? [] : [`headers: ${headersOf(headers)}`]),
    ...(body === null ? [] : [`body: ${bodyOf(body)}`]),
  ];
  return lines.length === 0 ? '' : `, {\n${lines.map((line) => `  ${line},\n`).join('')}}`;
}

function headersOf(headers: readonly SnippetHeader[]): string {
  const fields = headers.map(({ name, text, variable }) => {
    const value = variable ? `\`${text}\${process.env.${variable}}\`` : `'${text}'`;
    return `${javascript.key(name)}: ${value}`;
  });
  const [only, ...more] = fields;
  return more.length === 0 ? `{ ${only} }` : `{\n${fields.map((field) => `    ${field},\n`).join('')}  }`;
}

function bodyOf(body: NonNullable<SnippetRequest['body']>): string {
  if ('text' in body) return `'${body.text}'`;
  return `JSON.stringify(${jsonLiteral(body.json, javascript, '  ')})`;
}
