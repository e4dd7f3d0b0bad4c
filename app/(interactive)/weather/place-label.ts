/** Formats a place as `name, region, country`. Repeated and missing parts are omitted. */
export function labelOf(place: { name: string; region: string | null; country: string | null }): string {
  const parts = [place.name, place.region, place.country].filter((part) => part !== null);
  return [...new Set(parts)].join(', ');
}
