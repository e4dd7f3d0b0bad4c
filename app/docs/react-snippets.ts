import type { CatalogEntry } from '#server/catalog/catalog.ts';
import { literalOf } from '#server/catalog/docs/snippets.ts';

type SnippetEntry = Pick<CatalogEntry, 'path' | 'type' | 'upload' | 'examples'>;

/** Returns code that calls the procedure with its first example through the typed hooks. */
export function hookOf({ path, type, upload, examples: [example] }: SnippetEntry): string {
  const input = example ? literalOf(example.value) : upload ? 'form' : '';
  const head = `'use client';

import { trpc } from '#client/trpc.ts';

`;
  if (type === 'query') return `${head}const { data, error } = trpc.${path}.useQuery(${input});`;
  if (type === 'subscription') {
    return `${head}const { data, status } = trpc.${path}.useSubscription(${input || 'undefined'});`;
  }
  const form = "const form = new FormData();\nform.append('file', file);\n";
  return `${head}const call = trpc.${path}.useMutation();

${upload ? form : ''}call.mutate(${input});`;
}

/** Returns code for the same call from a server component, in process. */
export function serverComponentOf({ path, examples: [example] }: SnippetEntry): string {
  return `import { api } from '#app/_lib/api.ts';

const data = await api.${path}(${example ? literalOf(example.value) : ''});`;
}
