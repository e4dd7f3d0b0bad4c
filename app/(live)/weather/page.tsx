import { cookies } from 'next/headers';
import { connection } from 'next/server';
import { pageMetadata } from '#app/_components/page-metadata.ts';
import { problemOf } from '#app/_components/problem-of.ts';
import { api, HydrateClient, prefetchError } from '#app/api.ts';
import { describeFailure } from '#server/caller.ts';
import { chosenPlaceCookie, readChosenPlace } from './chosen-place.ts';
import { WeatherView } from './weather-view.tsx';

export const generateMetadata = () =>
  pageMetadata({ path: '/weather', title: 'Weather', description: 'The weather at a place of your choice.' });

/** Rendered whole before it is sent, so that it is complete without JavaScript. */
export const instant = false;

export default async function WeatherPage({ searchParams }: PageProps<'/weather'>) {
  await connection();
  const place = readChosenPlace((await cookies()).get(chosenPlaceCookie)?.value);
  const { search } = await searchParams;
  const { lat, lng, units, days } = place;
  await api.weather.forecast.prefetch({ lat, lng, units, days });
  const error = prefetchError();

  return (
    <HydrateClient>
      <WeatherView
        initialPlace={place}
        nothingFound={search === 'none'}
        searchFailure={problemOf(search)}
        initialFailure={error && describeFailure(error)}
      />
    </HydrateClient>
  );
}
