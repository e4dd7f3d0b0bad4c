'use client';

import { type FormEvent, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { useDebounced } from '#app/_components/use-debounced.ts';
import { trpc } from '#client/trpc.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { labelOf } from './place-label.ts';

type Props = { place: ChosenPlace; onChoose: (place: ChosenPlace) => void; nothingFound: boolean };

const nothingFoundText = 'No place of this name was found.';

/** Milliseconds without a key before the search goes out. */
const searchPause = 200;

/** Shorter ones have no hits. */
const minimumLength = 2;

/** Without JavaScript the form takes the best hit; with it, hits are offered to choose from. */
export function PlaceSearch({ place, onChoose, nothingFound }: Props) {
  const [text, setText] = useState('');
  const name = useDebounced(text.trim(), searchPause);
  const searching = name.length >= minimumLength && text !== '';
  const places = trpc.weather.places.useQuery({ name }, { enabled: searching });
  const utils = trpc.useUtils();
  const hits = searching ? places.data : undefined;

  function choose(hit: NonNullable<typeof hits>[number]): void {
    onChoose({ name: labelOf(hit), lat: hit.lat, lng: hit.lng, units: place.units });
    setText('');
  }

  /** Enter takes the best hit, also when it comes before the hits are shown. */
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const [best] = await utils.weather.places.fetch({ name: text.trim() });
    if (best) choose(best);
  }

  return (
    <search className="space-y-3">
      <form
        method="post"
        action="/weather/choose"
        className="flex flex-wrap items-end gap-3"
        // A failed search is shown from the query's state.
        onSubmit={(event) => void submit(event).catch(() => {})}
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
        {places.error && searching ? (
          <Failure {...failureOf(places.error)} />
        ) : hits ? (
          hits.length === 0 ? (
            <p>{nothingFoundText}</p>
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
        ) : searching ? (
          <p>Searching…</p>
        ) : nothingFound && text === '' ? (
          <p>{nothingFoundText}</p>
        ) : null}
      </div>
    </search>
  );
}
