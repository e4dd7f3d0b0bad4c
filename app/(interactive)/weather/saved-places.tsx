'use client';

import { useHydrated } from '#app/_lib/use-hydrated.ts';
import type { ChosenPlace } from './chosen-place.ts';
import { useAccountPlaces } from './use-account-places.ts';
import { type PlaceList, useDevicePlaces } from './use-device-places.ts';

type Props = { place: ChosenPlace; onChoose: (place: ChosenPlace) => void };

/** The saved places: those of the account for a user, those on this device for a visitor. */
export function SavedPlaces({ isSignedIn, ...props }: Props & { isSignedIn: boolean }) {
  return isSignedIn ? <AccountPlaces {...props} /> : <DevicePlaces {...props} />;
}

function DevicePlaces(props: Props) {
  return <Places {...props} list={useDevicePlaces()} hint="Saved places stay on this device." />;
}

function AccountPlaces(props: Props) {
  const { list, failure, offer } = useAccountPlaces();
  return (
    <>
      <Places {...props} list={list} hint="Saved places belong to your account." />
      {offer && (
        <p className="card flex basis-full flex-wrap items-center gap-3">
          <span className="me-auto">
            {offer.count === 1 ? 'One place is' : `${offer.count} places are`} saved on this device only.
          </span>
          <button type="button" className="button-small" onClick={offer.accept}>
            Move to my account
          </button>
          <button type="button" className="button-small" onClick={offer.decline}>
            Not now
          </button>
        </p>
      )}
      {failure && (
        <p role="alert" className="notice basis-full">
          {failure}
        </p>
      )}
    </>
  );
}

/** A single scrolling line, so that the content below does not move when the places load. */
function Places({ place, onChoose, list, hint }: Props & { list: PlaceList; hint: string }) {
  const { places, isKnown, isSaved, toggle } = list;
  const hydrated = useHydrated();
  return (
    <>
      <button
        type="button"
        className="button-quiet"
        aria-pressed={isSaved(place)}
        disabled={!hydrated || !isKnown}
        onClick={() => toggle(place)}
      >
        {isSaved(place) ? '★ Saved' : '☆ Save this place'}
      </button>
      <ul
        aria-label="Saved places"
        className="-mx-1 flex h-13 min-w-0 basis-full items-center gap-2 overflow-x-auto p-1 sm:mx-0 sm:grow sm:basis-0"
      >
        {places.length === 0 ? (
          <li className="text-muted text-sm">{hint}</li>
        ) : (
          places.map((saved) => (
            <li key={`${saved.lat},${saved.lng}`} className="shrink-0">
              <button
                type="button"
                className="button-quiet max-w-60 truncate"
                onClick={() => onChoose({ ...place, ...saved })}
              >
                {saved.name}
              </button>
            </li>
          ))
        )}
      </ul>
    </>
  );
}
