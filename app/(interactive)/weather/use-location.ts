import { useState } from 'react';

/** Milliseconds: the timeout of the device, and the maximum age of a cached position. */
const timeout = 10_000;
const maximumAge = 10 * 60_000;

type State = { kind: 'idle' | 'asking' } | { kind: 'failed'; message: string };

const messages: Record<number, string> = {
  1: 'Your browser does not share your location with this site. You can allow it in the browser’s settings for this site, or search for a place.',
  2: 'Your device could not determine its location. Please search for a place instead.',
  3: 'Your device took too long to determine its location. Please try again, or search for a place.',
};

/**
 * Locates the device when the visitor asks for it. Coordinates are rounded to two decimals, about one kilometre, before
 * they leave the browser.
 */
export function useLocation(onFound: (position: { lat: number; lng: number }) => void) {
  const [state, setState] = useState<State>({ kind: 'idle' });

  function locate(): void {
    // Browsers only have geolocation in secure contexts.
    if (!('geolocation' in navigator)) {
      setState({ kind: 'failed', message: 'This browser cannot determine your location.' });
      return;
    }
    setState({ kind: 'asking' });
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState({ kind: 'idle' });
        onFound({ lat: rounded(coords.latitude), lng: rounded(coords.longitude) });
      },
      ({ code }) =>
        setState({ kind: 'failed', message: messages[code] ?? 'Your location could not be determined.' }),
      { timeout, maximumAge, enableHighAccuracy: false },
    );
  }

  return { state, locate };
}

function rounded(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
