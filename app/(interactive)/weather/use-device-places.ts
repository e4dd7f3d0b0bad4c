import { useSyncExternalStore } from 'react';
import type { limits } from '#server/config/limits.ts';
import type { ChosenPlace } from './chosen-place.ts';

export type SavedPlace = Pick<ChosenPlace, 'name' | 'lat' | 'lng'>;

const key = 'weather-places';
const changeEvent = 'weather-places-changed';
/** The limit of the account's places. Its type prevents any other number here. */
export const maxPlaces: (typeof limits)['identity']['savedPlaces'] = 8;
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

export function isSavedPlace(value: unknown): value is SavedPlace {
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

/** A list of saved places, and how a place enters or leaves it. */
export type PlaceList = {
  places: readonly SavedPlace[];
  /** False until the places are known: a change would replace them. */
  isKnown: boolean;
  isSaved(place: SavedPlace): boolean;
  toggle(place: SavedPlace): void;
};

/** @param store replaces the places */
export function placeList(places: readonly SavedPlace[], store: (places: SavedPlace[]) => void): PlaceList {
  return {
    places,
    isKnown: true,
    isSaved: (place) => places.some((saved) => isSame(saved, place)),
    toggle: (place) => store(toggled(places, place)),
  };
}

/** Returns a list with a place that it did not have, or without a place that it had. */
export function toggled(places: readonly SavedPlace[], { name, lat, lng }: SavedPlace): SavedPlace[] {
  const place = { name, lat, lng };
  const others = places.filter((saved) => !isSame(saved, place));
  return others.length < places.length ? others : [place, ...others].slice(0, maxPlaces);
}

/** Returns the places of a list that another list does not have. */
export function placesMissingIn(other: readonly SavedPlace[], places: readonly SavedPlace[]): SavedPlace[] {
  return places.filter((place) => !other.some((known) => isSame(known, place)));
}

/** Reads and writes the places that the visitor saved. They are stored only on the visitor's device. */
export function useDevicePlaces(): PlaceList & { store(places: SavedPlace[]): void } {
  const places = useSyncExternalStore(subscribe, read, () => none);
  return { ...placeList(places, write), store: write };
}
