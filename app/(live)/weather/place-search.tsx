'use client';

import { useDeferredValue, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { trpc } from '#client/trpc.ts';
import type { ChosenPlace } from './chosen-place.ts';

type Props = { place: ChosenPlace; onChoose: (place: ChosenPlace) => void; nothingFound: boolean };

/** Without JavaScript the form takes the best hit; with it, hits are offered to choose from. */
export function PlaceSearch({ place, onChoose, nothingFound }: Props) {
  const [text, setText] = useState('');
  const name = useDeferredValue(text.trim());
  const places = trpc.weather.places.useQuery({ name }, { enabled: name.length >= 2 });
  const hits = name.length >= 2 ? places.data : undefined;

  function choose(hit: NonNullable<typeof hits>[number]): void {
    onChoose({ name: labelOf(hit), lat: hit.lat, lng: hit.lng, units: place.units });
    setText('');
  }

  return (
    <search className="space-y-3">
      <form
        method="post"
        action="/weather/choose"
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const best = hits?.[0];
          if (best) choose(best);
        }}
      >
        <label className="grow space-y-1">
          <span className="block font-medium">Place</span>
          <input
            className="field"
            name="search"
            type="search"
            autoComplete="off"
            maxLength={100}
            required
            placeholder="City or postal code"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <button className="button" type="submit">
          Search
        </button>
      </form>
      <div aria-live="polite">
        {places.error && name.length >= 2 ? (
          <Failure {...failureOf(places.error)} />
        ) : hits ? (
          hits.length === 0 ? (
            <p>No place of this name was found.</p>
          ) : (
            <ul className="flex flex-wrap gap-2" aria-label="Places found">
              {hits.map((hit) => (
                <li key={`${hit.lat},${hit.lng}`}>
                  <button type="button" className="button-quiet" onClick={() => choose(hit)}>
                    {labelOf(hit)}
                  </button>
                </li>
              ))}
            </ul>
          )
        ) : nothingFound && text === '' ? (
          <p>No place of this name was found.</p>
        ) : null}
      </div>
    </search>
  );
}

function labelOf(place: { name: string; region: string | null; country: string | null }): string {
  const parts = [place.name, place.region, place.country].filter((part) => part !== null);
  return [...new Set(parts)].join(', ');
}
