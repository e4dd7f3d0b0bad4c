import type { CatalogEntry } from '#server/catalog/catalog.ts';
import { literalOf } from '#server/catalog/docs/snippets.ts';

type Called = Pick<CatalogEntry, 'path' | 'type' | 'examples'>;

/** A call of the first example by the typed hooks. */
export function hookOf({ path, type, examples: [example] }: Called): string {
  const input = example ? literalOf(example.value) : '';
  const head = `'use client';

import { trpc } from '#client/trpc.ts';

`;
  if (type === 'query') return `${head}const { data, error } = trpc.${path}.useQuery(${input});`;
  return `${head}const call = trpc.${path}.useMutation();

call.mutate(${input});`;
}

/** The same by a server component, in the process of the server. */
export function serverComponentOf({ path, examples: [example] }: Called): string {
  return `import { api } from '#app/_lib/api.ts';

const data = await api.${path}(${example ? literalOf(example.value) : ''});`;
}
