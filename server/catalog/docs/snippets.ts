import { trpcEndpoint } from '../../config/paths.ts';
import { cookieNameOf } from '../../http/cookie.ts';
import { sessionCookie } from '../../http/session-cookie.ts';
import type { SnippetEntry } from './http-snippets.ts';

/**
 * Returns a runnable curl command for the first example. Calls that require a service key read it from `BFF_KEY`, those
 * that require a user read the value of the session cookie from `BFF_SESSION`.
 */
export function curlOf(entry: SnippetEntry, siteUrl: string): string {
  return curlParts(entry, siteUrl).join(' ');
}

/** Returns the same command with each of its options on a line of its own. */
export function curlLinesOf(entry: SnippetEntry, siteUrl: string): string {
  return curlParts(entry, siteUrl).join(' \\\n  ');
}

/** The command with its URL, followed by its options. */
function curlParts(
  { path, type, methods, scope, user, upload, examples: [example] }: SnippetEntry,
  siteUrl: string,
): string[] {
  const url = `${siteUrl}${trpcEndpoint}/${path}`;
  const wire = example && JSON.stringify(example.wire);
  const curl = type === 'subscription' ? 'curl -N' : 'curl';
  if (methods[0] === 'GET') {
    return [`${curl} ${shellQuote(wire === undefined ? url : `${url}?input=${encodeURIComponent(wire)}`)}`];
  }
  return [
    `${curl} ${shellQuote(url)}`,
    ...(scope === null ? [] : ['-H "authorization: Bearer $BFF_KEY"']),
    ...(user === null ? [] : [`-b "${cookieNameOf(sessionCookie, siteUrl)}=$BFF_SESSION"`]),
    ...(upload
      ? ["-F 'file=Hello;filename=notes.txt'"]
      : ["-H 'content-type: application/json'", `-d ${shellQuote(wire ?? '{}')}`]),
  ];
}

/** Returns the same call with the script client. */
export function typescriptOf(
  { path, type, scope, user, upload, examples }: Omit<SnippetEntry, 'methods'>,
  siteUrl: string,
): string {
  const [example] = examples;
  const key = "headers: () => ({ authorization: 'Bearer ' + process.env.BFF_KEY })";
  const cookie = `headers: () => ({ cookie: '${cookieNameOf(sessionCookie, siteUrl)}=' + process.env.BFF_SESSION })`;
  const options = [
    `baseUrl: '${siteUrl}'`,
    ...(scope === null ? [] : [key]),
    ...(user === null ? [] : [cookie]),
  ].join(', ');
  if (upload) {
    return `import { createScriptClient } from './client/node.ts';

const api = createScriptClient({ ${options} });
const form = new FormData();
form.append('file', new File(['Hello'], 'notes.txt', { type: 'text/plain' }));
const result = await api.${path}.mutate(form);`;
  }
  const input = example ? literalOf(example.value) : '';
  if (type === 'subscription') {
    return `import { createScriptClient, follow } from './client/node.ts';

const api = createScriptClient({ ${options} });
for await (const { data } of follow(api.${path}, ${input || 'undefined'})) console.log(data);`;
  }
  return `import { createScriptClient } from './client/node.ts';

const api = createScriptClient({ ${options} });
const result = await api.${path}.${type === 'query' ? 'query' : 'mutate'}(${input});`;
}

/** Formats a value as a TypeScript expression. Supports the types used in examples. */
export function literalOf(value: unknown): string {
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  if (value instanceof Set) return `new Set(${literalOf([...value])})`;
  if (value instanceof Map) return `new Map(${literalOf([...value])})`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const fields = Object.entries(value).map(([key, field]) => `${keyOf(key)}: ${literalOf(field)}`);
  return `{ ${fields.join(', ')} }`;
}

function keyOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
