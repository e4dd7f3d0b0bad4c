import { useSyncExternalStore } from 'react';

const never = () => () => {};

/**
 * Returns false in the server's HTML and true after hydration. A form that only a script can handle must stay disabled
 * until then: the browser would submit it with its fields in the URL.
 */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
