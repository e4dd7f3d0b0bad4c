import { useState } from 'react';
import { isSessionEnd } from '#app/_lib/session-events.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import { errorData } from '#client/errors.ts';
import { trpc } from '#client/trpc.ts';
import {
  maxPlaces,
  type PlaceList,
  placeList,
  placesMissingIn,
  type SavedPlace,
  toggled,
  useDevicePlaces,
} from './use-device-places.ts';

const declinedKey = 'weather-places-declined';

/** Places that a user saved on this device before signing in. */
type Offer = { count: number; accept(): void; decline(): void };

/** Reads and writes the saved places of the signed-in user, and offers once to add those of this device. */
export function useAccountPlaces(): {
  list: PlaceList;
  failure: string | undefined;
  offer: Offer | undefined;
} {
  const utils = trpc.useUtils();
  const stored = trpc.account.savedPlaces.get.useQuery();
  const device = useDevicePlaces();
  const [isDeclined, setDeclined] = useState(wasDeclined);
  const put = trpc.account.savedPlaces.put.useMutation({
    onMutate({ places }) {
      const before = utils.account.savedPlaces.get.getData();
      utils.account.savedPlaces.get.setData(undefined, places);
      return { before };
    },
    onError: (_error, _input, context) => utils.account.savedPlaces.get.setData(undefined, context?.before),
  });
  const places = stored.data ?? [];

  /** Changes the places as they are now: another device may have changed them since they were loaded. */
  async function change(apply: (current: readonly SavedPlace[]) => SavedPlace[]): Promise<SavedPlace[]> {
    const current = await utils.account.savedPlaces.get.fetch(undefined, { staleTime: 0 });
    return put.mutateAsync({ places: apply(current) });
  }

  const list = placeList(places, () => undefined);
  // Those that the account has no room for stay on the device.
  const movable = placesMissingIn(places, device.places).slice(0, Math.max(0, maxPlaces - places.length));
  const error = put.error ?? stored.error;

  return {
    list: {
      ...list,
      isKnown: stored.data !== undefined,
      toggle(place) {
        const isWanted = !list.isSaved(place);
        // The hooks show a failure.
        change((current) => {
          const isThere = placeList(current, () => undefined).isSaved(place);
          return isThere === isWanted ? [...current] : toggled(current, place);
        }).catch(() => undefined);
      },
    },
    // The end of the session is told for the whole page.
    failure: error && !isSessionEnd(errorData(error)?.reason) ? toFailure(error).message : undefined,
    offer:
      stored.data && movable.length > 0 && !isDeclined
        ? {
            count: movable.length,
            accept: () =>
              change((current) => [...current, ...placesMissingIn(current, movable)].slice(0, maxPlaces))
                .then((accepted) => device.store(placesMissingIn(accepted, device.places)))
                .catch(() => undefined),
            decline() {
              decline();
              setDeclined(true);
            },
          }
        : undefined,
  };
}

function wasDeclined(): boolean {
  try {
    return window.localStorage.getItem(declinedKey) !== null;
  } catch {
    return false;
  }
}

function decline(): void {
  try {
    window.localStorage.setItem(declinedKey, '1');
  } catch {
    // The browser blocks storage: the offer comes back with the next visit.
  }
}
