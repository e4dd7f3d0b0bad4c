'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import {
  hasSessionMarker,
  isSessionEnd,
  sessionChangedEvent,
  sessionEndedEvent,
} from '#app/_lib/session-events.ts';
import { errorData } from '#client/errors.ts';
import { trpc } from '#client/trpc.ts';

const announceEnd = () => void window.dispatchEvent(new Event(sessionEndedEvent));

function report(error: unknown): void {
  if (isSessionEnd(errorData(error)?.reason)) announceEnd();
}

/**
 * Reports that the session has ended, wherever it was ended, and drops all data when another user is signed in.
 *
 * @param props.marker name of the cookie by which scripts know that there is a session; null if nobody can sign in
 */
export function SessionOfQueries({ marker }: { marker: string | null }) {
  const client = useQueryClient();
  const isSignedIn = useSyncExternalStore(
    onSessionChange,
    () => marker !== null && hasSessionMarker(marker),
    () => false,
  );
  trpc.session.watch.useSubscription(undefined, {
    enabled: isSignedIn,
    onData: ({ data }) => void (data.open || announceEnd()),
    onError: report,
  });
  useEffect(() => {
    // Only what fails now: an error of the past stays in the state of its query.
    const unsubscribe = [
      client.getQueryCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') report(event.action.error);
      }),
      client.getMutationCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') report(event.action.error);
      }),
    ];
    const drop = () => client.resetQueries();
    window.addEventListener(sessionChangedEvent, drop);
    return () => {
      for (const stop of unsubscribe) stop();
      window.removeEventListener(sessionChangedEvent, drop);
    };
  }, [client]);
  return null;
}

function onSessionChange(listener: () => void): () => void {
  window.addEventListener(sessionChangedEvent, listener);
  return () => window.removeEventListener(sessionChangedEvent, listener);
}
