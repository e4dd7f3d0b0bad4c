import 'server-only';
import { cache } from 'react';
import type { FailureProps } from '#app/_components/failure.tsx';
import { api } from '#app/_lib/api.ts';
import { inTime } from '#app/_lib/in-time.ts';
import { errorReasons } from '#server/errors.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import type { PlaceLanguage } from '#server/weather/schema.ts';
import { labelOf } from './place-label.ts';
import { bestMatch, readSharedPlace, sharedPlaceMatches } from './shared-place.ts';

type PlaceOfLink =
  | { kind: 'none' | 'no_match' }
  | { kind: 'found'; place: { name: string; lat: number; lng: number } }
  | { kind: 'failed'; failure: Pick<FailureProps, 'message' | 'data'> };

type Query = { place?: string | string[] | undefined; language?: string | string[] | undefined };

/** Finds the place of a shared link by its name. Without a place in the link it is `none`. */
export async function placeOfLink(query: Query): Promise<PlaceOfLink> {
  const shared = readSharedPlace(query);
  if (!shared) return { kind: 'none' };
  try {
    const places = await inTime(searchOnce(shared.name, shared.language));
    if (!places) return { kind: 'failed', failure: late };
    const match = bestMatch(shared, places);
    if (!match) return { kind: 'no_match' };
    return { kind: 'found', place: { name: labelOf(match), lat: match.lat, lng: match.lng } };
  } catch (error) {
    return { kind: 'failed', failure: describeFailure(error) };
  }
}

/** The page and its metadata need the place: the search counts once against the limits of the visitor. */
const searchOnce = cache((name: string, language: PlaceLanguage) =>
  api.weather.places({ name, language, count: sharedPlaceMatches }),
);

const late = {
  message: errorReasons.upstream_timeout.message,
  data: { reason: 'upstream_timeout' },
} as const;
