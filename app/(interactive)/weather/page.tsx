import { cookies } from 'next/headers';
import { connection } from 'next/server';
import { api, HydrateClient, prefetchError } from '#app/_lib/api.ts';
import { pageUser } from '#app/_lib/caller.ts';
import { inTime } from '#app/_lib/in-time.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { readProblem } from '#app/_lib/problem-query.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { chosenPlaceCookie, readChosenPlace } from './chosen-place.ts';
import { WeatherView } from './weather-view.tsx';

export const generateMetadata = () =>
  pageMetadata({ path: '/weather', title: 'Weather', description: 'The weather forecast for any place.' });

/** Rendered completely before it is sent, so that it works without JavaScript. A late forecast is left out. */
export const instant = false;

export default async function WeatherPage({ searchParams }: PageProps<'/weather'>) {
  await connection();
  const place = readChosenPlace((await cookies()).get(chosenPlaceCookie)?.value);
  const query = await searchParams;
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
        isSignedIn={isSignedIn}
        noMatch={query.search === 'none'}
        searchFailure={readProblem(query)}
        initialFailure={error && describeFailure(error)}
      />
    </HydrateClient>
  );
}
