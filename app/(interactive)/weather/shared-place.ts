import { type Place, type PlaceLanguage, placeLanguages } from '#server/weather/schema.ts';
import { labelOf } from './place-label.ts';

/** The maximum number of places that a search returns. */
export const sharedPlaceMatches = 20;

type SharedPlace = {
  /** The label of the place, `name, region, country`. */
  label: string;
  /** What to search for: the name without region and country. */
  name: string;
  language: PlaceLanguage;
};

type QueryValue = string | string[] | undefined;

/** Reads the place of a link that `sharePath` made, or of one that a person typed. */
export function readSharedPlace(query: {
  place?: QueryValue;
  language?: QueryValue;
}): SharedPlace | undefined {
  if (typeof query.place !== 'string') return undefined;
  const label = query.place.trim().slice(0, 200);
  const name = (label.split(',', 1)[0] ?? '').trim().slice(0, 100);
  if (name === '') return undefined;
  return { label, name, language: placeLanguages.find((language) => language === query.language) ?? 'en' };
}

/** Returns the place that has most parts of its label in common with a shared one; of several the first, the largest. */
export function bestMatch({ label }: SharedPlace, places: readonly Place[]): Place | undefined {
  const wanted = new Set(label.split(',').map((part) => part.trim().toLowerCase()));
  const score = (place: Place) =>
    labelOf(place)
      .split(',')
      .filter((part) => wanted.has(part.trim().toLowerCase())).length;
  return places.toSorted((a, b) => score(b) - score(a))[0];
}
