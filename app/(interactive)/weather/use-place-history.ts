import { useSyncExternalStore } from 'react';
import { isSavedPlace, type SavedPlace } from './use-device-places.ts';

/** The key of the place in the state of a history entry. The state stays in the browser, unlike the URL. */
const stateKey = 'weatherPlace';
const changeEvent = 'weather-place-changed';

/**
 * Keeps the chosen place in the browser's history, so that Back returns to the place before. The URL does not contain
 * it.
 *
 * @param initial the place of an entry without one
 */
export function usePlaceHistory(initial: SavedPlace): {
  place: SavedPlace;
  /** Adds an entry for a place. The URL loses its query, which named another place. */
  push(place: SavedPlace): void;
} {
  const text = useSyncExternalStore(subscribe, read, () => null);
  const place = parse(text) ?? initial;
  return {
    place,
    push(next) {
      const { history, location } = window;
      if (read() === null) history.replaceState({ ...history.state, [stateKey]: textOf(place) }, '');
      // Next adds its own state to the entry.
      history.pushState({ [stateKey]: textOf(next) }, '', location.search ? location.pathname : undefined);
      window.dispatchEvent(new Event(changeEvent));
    },
  };
}

/** Calls a function with the place of an entry that Back or Forward led to. Returns a function that ends it. */
export function onPlaceRestored(restored: (place: SavedPlace) => void): () => void {
  const listen = () => {
    const place = parse(read());
    if (place) restored(place);
  };
  window.addEventListener('popstate', listen);
  return () => window.removeEventListener('popstate', listen);
}

/** As text: React compares the value of a store with the one before. */
function read(): string | null {
  const text: unknown = window.history.state?.[stateKey];
  return typeof text === 'string' ? text : null;
}

function textOf({ name, lat, lng }: SavedPlace): string {
  return JSON.stringify({ name, lat, lng });
}

function parse(text: string | null): SavedPlace | undefined {
  const place: unknown = text === null ? undefined : JSON.parse(text);
  return isSavedPlace(place) ? place : undefined;
}

function subscribe(notify: () => void): () => void {
  window.addEventListener('popstate', notify);
  window.addEventListener(changeEvent, notify);
  return () => {
    window.removeEventListener('popstate', notify);
    window.removeEventListener(changeEvent, notify);
  };
}
