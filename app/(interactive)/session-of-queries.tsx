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
    const unsubscribe = [
      client.getQueryCache().subscribe(({ query }) => report(query.state.error)),
      client.getMutationCache().subscribe(({ mutation }) => report(mutation?.state.error)),
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
