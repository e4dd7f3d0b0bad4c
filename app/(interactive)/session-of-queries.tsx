'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isSessionEnd, sessionChangedEvent, sessionEndedEvent } from '#app/_lib/session-events.ts';
import { errorData } from '#client/errors.ts';

/** Reports calls that found the session ended, and drops all data when another user is signed in. */
export function SessionOfQueries() {
  const client = useQueryClient();
  useEffect(() => {
    const report = (error: unknown) => {
      if (isSessionEnd(errorData(error)?.reason)) window.dispatchEvent(new Event(sessionEndedEvent));
    };
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
