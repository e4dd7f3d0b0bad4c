'use client';

import { skipToken } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Failure, type FailureProps } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { trpc } from '#client/trpc.ts';
import type { ErrorData } from '#server/errors.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { ForecastView } from './forecast-view.tsx';
import { myLocation } from './place-label.ts';
import { PlaceSearch } from './place-search.tsx';
import { SavedPlaces } from './saved-places.tsx';
import { SharePlace } from './share-place.tsx';
import { forecastUnavailable, searchUnavailable } from './unavailable.ts';
import { useAfter } from './use-after.ts';
import { useLocation } from './use-location.ts';
import { onPlaceRestored, usePlaceHistory } from './use-place-history.ts';
import type { VisitorLocale } from './visitor-locale.ts';

/** Milliseconds. */
const watchedAfter = 60_000;

type Props = {
  initialPlace: ChosenPlace;
  /** Of the request, so that server and browser render the same text. */
  locale: VisitorLocale;
  /** Saved places then belong to the account. */
  isSignedIn: boolean;
  /** A search without JavaScript had no matches. */
  noMatch: boolean;
  /** A search without JavaScript failed. */
  searchFailure: Pick<FailureProps, 'message' | 'data'> | undefined;
  /** The server failed to get the forecast. The browser retries once. */
  initialFailure: { message: string; data: ErrorData } | undefined;
};

export function WeatherView(props: Props) {
  const { initialPlace, locale, isSignedIn, noMatch, searchFailure, initialFailure } = props;
  const [view, setView] = useState({ units: initialPlace.units, days: initialPlace.days });
  const history = usePlaceHistory(initialPlace);
  const { name, lat, lng } = history.place;
  const { units, days } = view;
  const place = { name, lat, lng, units, days };
  const input = { lat, lng, units, days };
  const utils = trpc.useUtils();
  // The page came with the forecast, and the next one is minutes away.
  const isWatched = useAfter(watchedAfter);
  trpc.weather.watch.useSubscription(isWatched ? input : skipToken, {
    async onData({ data }) {
      // A response that is on its way would be older.
      await utils.weather.forecast.cancel(input);
      utils.weather.forecast.setData(input, data);
    },
  });
  const forecast = trpc.weather.forecast.useQuery(input);
  const location = useLocation((position) => choose({ ...place, ...position, name: myLocation }));
  const hydrated = useHydrated();
  useEffect(() => onPlaceRestored((restored) => store({ ...restored, ...view })), [view]);

  function choose(next: ChosenPlace): void {
    setView({ units: next.units, days: next.days });
    if (!isSamePlace(next, place)) history.push(next);
    store(next);
  }

  return (
    <div className="space-y-6">
      <h1>Weather</h1>
      {searchFailure && <Failure {...searchFailure} unavailable={searchUnavailable} />}
      <PlaceSearch
        place={place}
        language={locale.language}
        onChoose={choose}
        noMatch={noMatch && isSamePlace(place, initialPlace)}
      >
        <button
          type="button"
          className="button-quiet"
          disabled={!hydrated || location.state.kind === 'asking'}
          onClick={location.locate}
        >
          {location.state.kind === 'asking' ? 'Locating…' : 'Use my location'}
        </button>
      </PlaceSearch>
      <div className="flex flex-wrap items-center gap-x-4">
        <SavedPlaces place={place} isSignedIn={isSignedIn} onChoose={choose} />
      </div>
      {location.state.kind === 'failed' && (
        <p role="alert" className="notice">
          {location.state.message}
        </p>
      )}
      <section aria-labelledby="place" aria-busy={forecast.isFetching} className="space-y-6">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="place" className="text-2xl">
            {place.name}
          </h2>
          <div className="flex flex-wrap gap-2">
            <ChoiceForm
              place={place}
              change={{ days: days === 7 ? 16 : 7 }}
              label={days === 7 ? 'Show 16 days' : 'Show 7 days'}
              onChoose={choose}
            />
            <ChoiceForm
              place={place}
              change={{ units: units === 'metric' ? 'imperial' : 'metric' }}
              label={units === 'metric' ? 'Show °F and mph' : 'Show °C and km/h'}
              onChoose={choose}
            />
            <SharePlace place={place} language={locale.language} />
          </div>
        </div>
        {forecast.data ? (
          <ForecastView forecast={forecast.data} hourCycle={locale.hourCycle} />
        ) : forecast.error ? (
          <Failure
            {...toFailure(forecast.error)}
            unavailable={forecastUnavailable}
            onRetry={() => forecast.refetch()}
          />
        ) : initialFailure ? (
          <Failure {...initialFailure} unavailable={forecastUnavailable}>
            <a href="/weather">Try again</a>
          </Failure>
        ) : (
          <Skeleton retrying={forecast.failureCount > 0} />
        )}
      </section>
    </div>
  );
}

/** A button that changes the units or the number of days. It is a form of its own, so it works without JavaScript. */
function ChoiceForm(props: {
  place: ChosenPlace;
  change: Partial<Pick<ChosenPlace, 'units' | 'days'>>;
  label: string;
  onChoose: (place: ChosenPlace) => void;
}) {
  const { place, change, label, onChoose } = props;
  const [[name, value] = []] = Object.entries(change);
  return (
    <form
      method="post"
      action="/weather/choose"
      onSubmit={(event) => {
        event.preventDefault();
        onChoose({ ...place, ...change });
      }}
    >
      {/* The shown place may be that of a link, which is not stored. */}
      <input type="hidden" name="name" value={place.name} />
      <input type="hidden" name="lat" value={place.lat} />
      <input type="hidden" name="lng" value={place.lng} />
      <button className="button-quiet" type="submit" name={name} value={value}>
        {label}
      </button>
    </form>
  );
}

/** Shown while a forecast loads. Without JavaScript, it offers to try again. */
function Skeleton({ retrying }: { retrying: boolean }) {
  return (
    <>
      <noscript>
        <p className="notice">
          The forecast is taking longer than usual. <a href="/weather">Try again</a>
        </p>
      </noscript>
      <div role="status" className="space-y-6 noscript:hidden">
        <span className="sr-only">Loading the forecast</span>
        <div className="relative grid gap-6 md:grid-cols-[2fr_1fr]">
          {retrying && <p className="absolute top-5 start-5 z-1">{forecastUnavailable} Trying again…</p>}
          <div className="skeleton h-64 rounded-xl bg-line" />
          <div className="skeleton h-64 rounded-xl bg-line" />
        </div>
        <div className="skeleton h-96 rounded-xl bg-line" />
      </div>
    </>
  );
}

function isSamePlace(a: ChosenPlace, b: ChosenPlace): boolean {
  return a.lat === b.lat && a.lng === b.lng && a.name === b.name;
}

/** Stores the choice for the next visit. The page already shows it. */
function store(place: ChosenPlace): void {
  void fetch('/weather/choose', {
    method: 'POST',
    body: formOf(place),
    redirect: 'manual',
    keepalive: true,
  }).catch(() => {});
}

function formOf(place: ChosenPlace): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(place)) form.set(name, String(value));
  return form;
}
