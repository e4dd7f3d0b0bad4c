import { useSyncExternalStore } from 'react';
import type { ChosenPlace } from './chosen-place.ts';

export type SavedPlace = Pick<ChosenPlace, 'name' | 'lat' | 'lng'>;

const key = 'weather-places';
const changeEvent = 'weather-places-changed';
const maxPlaces = 8;
const none: SavedPlace[] = [];

/** The last parsed snapshot. React requires a store to return the same array for the same content. */
let snapshot: { text: string | null; places: SavedPlace[] } = { text: null, places: none };

function read(): SavedPlace[] {
  const text = storage()?.getItem(key) ?? null;
  if (text !== snapshot.text) snapshot = { text, places: parse(text) };
  return snapshot.places;
}

function parse(text: string | null): SavedPlace[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isSavedPlace).slice(0, maxPlaces) : none;
  } catch {
    return none;
  }
}

function isSavedPlace(value: unknown): value is SavedPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { name, lat, lng }: Partial<Record<keyof SavedPlace, unknown>> = value;
  return typeof name === 'string' && Number.isFinite(lat) && Number.isFinite(lng);
}

/** Returns undefined if the browser blocks storage for this site. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

function write(places: SavedPlace[]): void {
  try {
    storage()?.setItem(key, JSON.stringify(places));
  } catch {
    // The storage is full. The place is not saved, so the page does not list it.
  }
  window.dispatchEvent(new Event(changeEvent));
}

function subscribe(notify: () => void): () => void {
  window.addEventListener(changeEvent, notify);
  // Changes in other tabs of this site.
  window.addEventListener('storage', notify);
  return () => {
    window.removeEventListener(changeEvent, notify);
    window.removeEventListener('storage', notify);
  };
}

const isSame = (a: SavedPlace, b: SavedPlace) => a.lat === b.lat && a.lng === b.lng;

/** Reads and writes the places that the visitor saved. They are stored only on the visitor's device. */
export function useSavedPlaces() {
  const places = useSyncExternalStore(subscribe, read, () => none);
  return {
    places,
    isSaved: (place: SavedPlace) => places.some((saved) => isSame(saved, place)),
    toggle({ name, lat, lng }: SavedPlace) {
      const place = { name, lat, lng };
      const others = places.filter((saved) => !isSame(saved, place));
      write(others.length < places.length ? others : [place, ...places].slice(0, maxPlaces));
    },
  };
}
