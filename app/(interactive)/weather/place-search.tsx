'use client';

import { useCombobox } from 'downshift';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useDebounced } from '#app/_lib/use-debounced.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { trpc } from '#client/trpc.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { labelOf } from './place-label.ts';
import { searchUnavailable } from './unavailable.ts';
import type { VisitorLocale } from './visitor-locale.ts';

type Props = {
  place: ChosenPlace;
  language: VisitorLocale['language'];
  onChoose: (place: ChosenPlace) => void;
  noMatch: boolean;
  /** Other ways to choose a place, beside the search. */
  children: ReactNode;
};

const noMatchText = 'No place with this name was found.';

/** Milliseconds after the last keystroke until the search starts. */
const searchDelay = 200;

/** The search has no matches for shorter names. */
const minimumLength = 2;

/** A search field that offers matches in a list. Without JavaScript the form chooses the best match. */
export function PlaceSearch({ place, language, onChoose, noMatch, children }: Props) {
  const [text, setText] = useState('');
  const [openRequested, setOpenRequested] = useState(false);
  const [highlightedIndex, setHighlightedIndex] = useState(0);
  const hydrated = useHydrated();
  const name = useDebounced(text.trim(), searchDelay);
  const searching = name.length >= minimumLength && text !== '';
  const places = trpc.weather.places.useQuery({ name, language }, { enabled: searching });
  const utils = trpc.useUtils();
  const matches = (searching && places.data) || [];

  function choose(match: (typeof matches)[number]): void {
    onChoose({ ...place, name: labelOf(match), lat: match.lat, lng: match.lng });
    setText('');
  }

  // The list opens as soon as it has matches and highlights the best one, so that Enter chooses it.
  const isOpen = openRequested && matches.length > 0;
  const combobox = useCombobox({
    items: matches,
    inputValue: text,
    selectedItem: null,
    itemToString: (match) => (match ? labelOf(match) : ''),
    isOpen,
    onIsOpenChange: (change) => setOpenRequested(change.isOpen),
    highlightedIndex,
    onHighlightedIndexChange: (change) => setHighlightedIndex(Math.max(0, change.highlightedIndex)),
    onSelectedItemChange: ({ selectedItem }) => selectedItem && choose(selectedItem),
  });
  // The combobox props only work with scripts. Without JavaScript this stays a plain search field.
  const { onChange: _, ...comboboxProps } = combobox.getInputProps({
    onKeyDown: (event) => {
      // Escape closes the list. By default the browser would also clear the field.
      if (isOpen && event.key === 'Escape') event.preventDefault();
      // The matches belong to an earlier text, so Enter must submit the form, which searches for the current text.
      if (event.key === 'Enter' && name !== text.trim()) {
        Object.assign(event.nativeEvent, { preventDownshiftDefault: true });
      }
    },
  });
  const inputProps = hydrated ? comboboxProps : { id: comboboxProps.id, ref: comboboxProps.ref };

  /** Chooses the best match, even if Enter is pressed before the matches are shown. */
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const [best] = await utils.weather.places.fetch({ name: text.trim(), language });
    if (best) choose(best);
  }

  return (
    <search className="space-y-2">
      <form
        method="post"
        action="/weather/choose"
        className="flex flex-wrap items-end gap-3"
        // The error of a failed search is shown from the query's state.
        onSubmit={(event) => void submit(event).catch(() => {})}
      >
        <div className="relative flex min-w-48 grow basis-60 flex-col gap-1">
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
              setOpenRequested(true);
              setHighlightedIndex(0);
            }}
          />
          <ul
            {...combobox.getMenuProps({ 'aria-label': 'Places found' })}
            className={
              isOpen
                ? 'absolute top-full end-0 start-0 z-10 mt-1 rounded-lg border border-line bg-surface py-1 shadow-lg'
                : 'hidden'
            }
          >
            {isOpen &&
              matches.map((match, index) => (
                <li
                  key={`${match.lat},${match.lng}`}
                  {...combobox.getItemProps({ item: match, index })}
                  className={`cursor-pointer px-3 py-2.5 ${combobox.highlightedIndex === index ? 'bg-accent text-on-accent' : ''}`}
                >
                  {labelOf(match)}
                </li>
              ))}
          </ul>
        </div>
        <button className="button" type="submit">
          Search
        </button>
        {children}
      </form>
      {/* The height is fixed, so that the content below does not move. */}
      <div aria-live="polite" className="min-h-6 text-muted">
        {places.error && searching ? (
          <Failure {...toFailure(places.error)} unavailable={searchUnavailable} />
        ) : searching && places.data ? (
          places.data.length === 0 && <p>{noMatchText}</p>
        ) : searching ? (
          <p>Searching…</p>
        ) : noMatch && text === '' ? (
          <p>{noMatchText}</p>
        ) : null}
      </div>
    </search>
  );
}
