import { cookies, headers } from 'next/headers';
import { connection } from 'next/server';
import { api, HydrateClient, prefetchError } from '#app/_lib/api.ts';
import { pageUser } from '#app/_lib/caller.ts';
import { inTime } from '#app/_lib/in-time.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { chosenPlaceCookie, readChosenPlace } from './chosen-place.ts';
import { placeOfLink } from './place-of-link.ts';
import { visitorLocale } from './visitor-locale.ts';
import './weather.css';
import { WeatherView } from './weather-view.tsx';

/** The preview of a link names its place. The title does not: it would stay when the visitor chooses another place. */
export async function generateMetadata({ searchParams }: PageProps<'/weather'>) {
  const linked = await placeOfLink(await searchParams);
  const title = linked.kind === 'found' ? `Weather in ${linked.place.name}` : 'Weather';
  const description = 'The weather forecast for any place.';
  return { ...(await pageMetadata({ path: '/weather', title, description })), title: 'Weather' };
}

/** Rendered completely before it is sent, so that it works without JavaScript. A late forecast is left out. */
export const instant = false;

export default async function WeatherPage({ searchParams }: PageProps<'/weather'>) {
  await connection();
  const query = await searchParams;
  const chosen = readChosenPlace((await cookies()).get(chosenPlaceCookie)?.value);
  const linked = await placeOfLink(query);
  const place = linked.kind === 'found' ? { ...chosen, ...linked.place } : chosen;
  const { lat, lng, units, days } = place;
  const isSignedIn = (await pageUser()) !== undefined;
  await inTime(
    Promise.all([
      api.weather.forecast.prefetch({ lat, lng, units, days }),
      ...(isSignedIn ? [api.account.savedPlaces.get.prefetch()] : []),
    ]),
  );
  const error = prefetchError();

  return (
    <HydrateClient>
      <WeatherView
        initialPlace={place}
        locale={visitorLocale((await headers()).get('accept-language'))}
        isSignedIn={isSignedIn}
        noMatch={query.search === 'none' || linked.kind === 'no_match'}
        searchFailure={linked.kind === 'failed' ? linked.failure : readProblem(query)}
        initialFailure={error && describeFailure(error)}
      />
    </HydrateClient>
  );
}
