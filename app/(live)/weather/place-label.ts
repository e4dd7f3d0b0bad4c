/** A place as people write it; parts that repeat are written once. */
export function labelOf(place: { name: string; region: string | null; country: string | null }): string {
  const parts = [place.name, place.region, place.country].filter((part) => part !== null);
  return [...new Set(parts)].join(', ');
}
