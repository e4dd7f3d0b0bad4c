import { useState } from 'react';

/** Milliseconds that the device may take to find itself, and that an earlier answer of it may be old. */
const timeout = 10_000;
const maximumAge = 10 * 60_000;

type State = { kind: 'idle' | 'asking' } | { kind: 'failed'; message: string };

const messages: Record<number, string> = {
  1: 'Your browser does not let this site know your location. You can allow it in the browser’s settings for this site, or search for a place.',
  2: 'Your device could not find out where it is. Please search for a place instead.',
  3: 'Your device took too long to find out where it is. Please try again, or search for a place.',
};

/**
 * Where the device is, asked for only when the visitor wants it. Coordinates are rounded to two decimals, about a
 * kilometre, before they leave the browser.
 */
export function useLocation(onFound: (position: { lat: number; lng: number }) => void) {
  const [state, setState] = useState<State>({ kind: 'idle' });

  function locate(): void {
    // Missing where the page was not loaded securely.
    if (!('geolocation' in navigator)) {
      setState({ kind: 'failed', message: 'This browser cannot tell where it is.' });
      return;
    }
    setState({ kind: 'asking' });
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState({ kind: 'idle' });
        onFound({ lat: rounded(coords.latitude), lng: rounded(coords.longitude) });
      },
      ({ code }) =>
        setState({ kind: 'failed', message: messages[code] ?? 'Your location could not be found.' }),
      { timeout, maximumAge, enableHighAccuracy: false },
    );
  }

  return { state, locate };
}

function rounded(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
