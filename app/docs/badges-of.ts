import type { CatalogEntry } from '#server/catalog/catalog.ts';

/** What a caller has to know of a procedure before anything else. */
export function badgesOf({
  type,
  sensitive,
  scope,
}: Pick<CatalogEntry, 'type' | 'sensitive' | 'scope'>): string[] {
  return [
    type,
    ...(sensitive ? ['personal data'] : []),
    ...(scope === null ? [] : [`key with scope ${scope}`]),
  ];
}
