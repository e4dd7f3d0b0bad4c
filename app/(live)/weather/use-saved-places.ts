import { useSyncExternalStore } from 'react';
import type { ChosenPlace } from './chosen-place.ts';

export type SavedPlace = Pick<ChosenPlace, 'name' | 'lat' | 'lng'>;

const key = 'weather-places';
const changed = 'weather-places-changed';
const mostPlaces = 8;
const none: SavedPlace[] = [];

/** What was parsed last: the same array for the same text, as React asks of a store. */
let known: { text: string | null; places: SavedPlace[] } = { text: null, places: none };

function read(): SavedPlace[] {
  const text = storage()?.getItem(key) ?? null;
  if (text !== known.text) known = { text, places: parse(text) };
  return known.places;
}

function parse(text: string | null): SavedPlace[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isSavedPlace).slice(0, mostPlaces) : none;
  } catch {
    return none;
  }
}

function isSavedPlace(value: unknown): value is SavedPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { name, lat, lng }: Partial<Record<keyof SavedPlace, unknown>> = value;
  return typeof name === 'string' && Number.isFinite(lat) && Number.isFinite(lng);
}

/** Undefined where the browser keeps nothing for this site. */
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
    // The storage is full: the place is not kept, and the page says so by not showing it.
  }
  window.dispatchEvent(new Event(changed));
}

function subscribe(notify: () => void): () => void {
  window.addEventListener(changed, notify);
  // Another tab of this site.
  window.addEventListener('storage', notify);
  return () => {
    window.removeEventListener(changed, notify);
    window.removeEventListener('storage', notify);
  };
}

const isSame = (a: SavedPlace, b: SavedPlace) => a.lat === b.lat && a.lng === b.lng;

/** Places that the visitor keeps on this device. They are never sent anywhere. */
export function useSavedPlaces() {
  const places = useSyncExternalStore(subscribe, read, () => none);
  return {
    places,
    isSaved: (place: SavedPlace) => places.some((saved) => isSame(saved, place)),
    toggle({ name, lat, lng }: SavedPlace) {
      const place = { name, lat, lng };
      const others = places.filter((saved) => !isSame(saved, place));
      write(others.length < places.length ? others : [place, ...places].slice(0, mostPlaces));
    },
  };
}
