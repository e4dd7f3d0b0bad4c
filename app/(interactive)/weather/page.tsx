import { cookies } from 'next/headers';
import { connection } from 'next/server';
import { api, HydrateClient, prefetchError } from '#app/_lib/api.ts';
import { messageForReason } from '#app/_lib/message-for-reason.ts';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { chosenPlaceCookie, readChosenPlace } from './chosen-place.ts';
import { WeatherView } from './weather-view.tsx';

export const generateMetadata = () =>
  pageMetadata({ path: '/weather', title: 'Weather', description: 'The weather forecast for any place.' });

/** Rendered completely before it is sent, so that it works without JavaScript. */
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
        noMatch={search === 'none'}
        searchFailure={messageForReason(search)}
        initialFailure={error && describeFailure(error)}
      />
    </HydrateClient>
  );
}
