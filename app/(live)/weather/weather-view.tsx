'use client';

import { useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { trpc } from '#client/trpc.ts';
import type { ErrorData } from '#server/errors.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { ForecastView } from './forecast-view.tsx';
import { PlaceSearch } from './place-search.tsx';

type Props = {
  initialPlace: ChosenPlace;
  /** Of a search without JavaScript. */
  nothingFound: boolean;
  searchFailure: string | undefined;
  /** The server could not get the forecast; the browser tries once more by itself. */
  initialFailure: { message: string; data: ErrorData } | undefined;
};

export function WeatherView({ initialPlace, nothingFound, searchFailure, initialFailure }: Props) {
  const [place, setPlace] = useState(initialPlace);
  const { lat, lng, units } = place;
  const forecast = trpc.weather.forecast.useQuery({ lat, lng, units });

  function choose(next: ChosenPlace): void {
    setPlace(next);
    // Remembered for the next visit; the page shows it already.
    void fetch('/weather/choose', {
      method: 'POST',
      body: formOf(next),
      redirect: 'manual',
      keepalive: true,
    }).catch(() => {});
  }

  return (
    <div className="space-y-8">
      <h1>Weather</h1>
      {searchFailure && <Failure message={searchFailure} />}
      <PlaceSearch place={place} onChoose={choose} nothingFound={nothingFound} />
      <section aria-labelledby="place" aria-busy={forecast.isFetching} className="space-y-6">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="place">{place.name}</h2>
          <UnitsSwitch place={place} onChoose={choose} />
        </div>
        {forecast.data ? (
          <ForecastView forecast={forecast.data} />
        ) : forecast.error ? (
          <Failure {...failureOf(forecast.error)}>
            <button type="button" className="button-quiet" onClick={() => forecast.refetch()}>
              Try again
            </button>
          </Failure>
        ) : initialFailure ? (
          <Failure {...initialFailure}>
            <a href="/weather">Try again</a>
          </Failure>
        ) : (
          <Skeleton />
        )}
      </section>
    </div>
  );
}

function UnitsSwitch({ place, onChoose }: { place: ChosenPlace; onChoose: (place: ChosenPlace) => void }) {
  const other = place.units === 'metric' ? 'imperial' : 'metric';
  return (
    <form
      method="post"
      action="/weather/choose"
      onSubmit={(event) => {
        event.preventDefault();
        onChoose({ ...place, units: other });
      }}
    >
      <button className="button-quiet" type="submit" name="units" value={other}>
        {other === 'imperial' ? 'Show °F and mph' : 'Show °C and km/h'}
      </button>
    </form>
  );
}

function Skeleton() {
  return (
    <div role="status" className="space-y-4">
      <span className="sr-only">Loading the forecast</span>
      <div className="skeleton h-36 rounded-xl bg-line" />
      <div className="skeleton h-80 rounded-xl bg-line" />
    </div>
  );
}

function formOf(place: ChosenPlace): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(place)) form.set(name, String(value));
  return form;
}
