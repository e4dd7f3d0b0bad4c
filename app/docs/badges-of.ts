import type { CatalogEntry } from '#server/catalog/catalog.ts';

/** Returns the properties of a procedure that a caller must know first: its type, method and scope. */
export function badgesOf({
  type,
  sensitive,
  scope,
  user,
}: Pick<CatalogEntry, 'type' | 'sensitive' | 'scope' | 'user'>): string[] {
  return [
    type,
    ...(sensitive && type === 'query' ? ['POST only'] : []),
    ...(scope === null ? [] : [`key with scope ${scope}`]),
    ...(user === null ? [] : ['for signed-in users']),
  ];
}
