'use client';

import { useCombobox } from 'downshift';
import { type FormEvent, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useDebounced } from '#app/_lib/use-debounced.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { trpc } from '#client/trpc.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { labelOf } from './place-label.ts';

type Props = { place: ChosenPlace; onChoose: (place: ChosenPlace) => void; nothingFound: boolean };

const nothingFoundText = 'No place of this name was found.';

/** Milliseconds without a key before the search goes out. */
const searchPause = 200;

/** Shorter ones have no hits. */
const minimumLength = 2;

/** Without JavaScript the form takes the best hit; with it, hits are offered in a list to choose from. */
export function PlaceSearch({ place, onChoose, nothingFound }: Props) {
  const [text, setText] = useState('');
  const [wanted, setWanted] = useState(false);
  const [pointedAt, setPointedAt] = useState(0);
  const hydrated = useHydrated();
  const name = useDebounced(text.trim(), searchPause);
  const searching = name.length >= minimumLength && text !== '';
  const places = trpc.weather.places.useQuery({ name }, { enabled: searching });
  const utils = trpc.useUtils();
  const hits = (searching && places.data) || [];

  function choose(hit: (typeof hits)[number]): void {
    onChoose({ ...place, name: labelOf(hit), lat: hit.lat, lng: hit.lng });
    setText('');
  }

  // Open as soon as there are hits, with the best one pointed at: Enter then takes it.
  const isOpen = wanted && hits.length > 0;
  const combobox = useCombobox({
    items: hits,
    inputValue: text,
    selectedItem: null,
    itemToString: (hit) => (hit ? labelOf(hit) : ''),
    isOpen,
    onIsOpenChange: (change) => setWanted(change.isOpen),
    highlightedIndex: pointedAt,
    onHighlightedIndexChange: (change) => setPointedAt(Math.max(0, change.highlightedIndex)),
    onSelectedItemChange: ({ selectedItem }) => selectedItem && choose(selectedItem),
  });
  // What the library adds only works with scripts: without them this stays a plain search field.
  const { onChange: _, ...comboboxProps } = combobox.getInputProps({
    onKeyDown: (event) => {
      // Escape closes the list; the browser would empty the field with it.
      if (isOpen && event.key === 'Escape') event.preventDefault();
      // The hits are those of an earlier text: Enter means what is written now, which the form asks for.
      if (event.key === 'Enter' && name !== text.trim()) {
        Object.assign(event.nativeEvent, { preventDownshiftDefault: true });
      }
    },
  });
  const inputProps = hydrated ? comboboxProps : { id: comboboxProps.id, ref: comboboxProps.ref };

  /** Enter takes the best hit, also when it comes before the hits are shown. */
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const [best] = await utils.weather.places.fetch({ name: text.trim() });
    if (best) choose(best);
  }

  return (
    <search className="space-y-2">
      <form
        method="post"
        action="/weather/choose"
        className="flex flex-wrap items-end gap-3"
        // A failed search is shown from the query's state.
        onSubmit={(event) => void submit(event).catch(() => {})}
      >
        <div className="relative flex grow flex-col gap-1">
          <label {...combobox.getLabelProps()} htmlFor={comboboxProps.id} className="font-medium">
            Place
          </label>
          <input
            {...inputProps}
            className="field"
            name="search"
            type="search"
            autoComplete="off"
            maxLength={100}
            required
            placeholder="City or postal code"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setWanted(true);
              setPointedAt(0);
            }}
          />
          <ul
            {...combobox.getMenuProps({ 'aria-label': 'Places found' })}
            className={
              isOpen
                ? 'absolute top-full right-0 left-0 z-10 mt-1 rounded-lg border border-line bg-surface py-1 shadow-lg'
                : 'hidden'
            }
          >
            {isOpen &&
              hits.map((hit, index) => (
                <li
                  key={`${hit.lat},${hit.lng}`}
                  {...combobox.getItemProps({ item: hit, index })}
                  className={`cursor-pointer px-3 py-2.5 ${combobox.highlightedIndex === index ? 'bg-accent text-on-accent' : ''}`}
                >
                  {labelOf(hit)}
                </li>
              ))}
          </ul>
        </div>
        <button className="button" type="submit">
          Search
        </button>
      </form>
      {/* Of one height, whatever it says: what stands below must not move. */}
      <div aria-live="polite" className="min-h-6 text-muted">
        {places.error && searching ? (
          <Failure {...toFailure(places.error)} />
        ) : searching && places.data ? (
          places.data.length === 0 && <p>{nothingFoundText}</p>
        ) : searching ? (
          <p>Searching…</p>
        ) : nothingFound && text === '' ? (
          <p>{nothingFoundText}</p>
        ) : null}
      </div>
    </search>
  );
}
