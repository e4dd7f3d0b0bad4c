/** Formats a place as `name, region, country`. Repeated and missing parts are omitted. */
export function labelOf(place: { name: string; region: string | null; country: string | null }): string {
  const parts = [place.name, place.region, place.country].filter((part) => part !== null);
  return [...new Set(parts)].join(', ');
}

/** The label of the device's location. */
export const myLocation = 'My location';

/**
 * Returns the path of a link to a place: its public name, never its coordinates. The location of the device has none.
 *
 * @param language the language of the label, if it is not English
 */
export function sharePath(place: { name: string }, language: string): string | undefined {
  if (place.name === myLocation) return undefined;
  const query = new URLSearchParams({
    place: place.name,
    ...(language === 'en' ? {} : { language }),
  });
  return `/weather?${query}`;
}
