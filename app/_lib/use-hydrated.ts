import { useSyncExternalStore } from 'react';

const never = () => () => {};

/**
 * False in the HTML as sent, true once React has taken over: a form that only a script can handle must not be
 * sent before, because the browser would put its fields into the URL.
 */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
