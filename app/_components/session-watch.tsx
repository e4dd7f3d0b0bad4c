'use client';

import { usePathname, useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { hasSessionMarker, sessionChangedEvent, sessionEndedEvent } from '#app/_lib/session-events.ts';
import { signInUrl } from '#app/_lib/sign-in-url.ts';

const channelName = 'session';
/** Minimum time between two checks, in milliseconds. */
const checkInterval = 60_000;

/**
 * Keeps the open tabs of this site in step with the session: a tab tells the others who is signed in, and tells the user
 * when the session has ended. What is being written on the page stays.
 *
 * @param props.user id of the user for whom the page was rendered; null for a visitor
 * @param props.marker name of the cookie by which scripts know that there is a session
 */
export function SessionWatch({ user, marker }: { user: string | null; marker: string }) {
  const { refresh } = useRouter();
  const path = usePathname();
  const [hasEnded, setHasEnded] = useState(false);

  useEffect(() => {
    setHasEnded(false);
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = ({ data }) => {
      if (data === user) {
        setHasEnded(false);
        return;
      }
      window.dispatchEvent(new Event(sessionChangedEvent));
      refresh();
    };
    // After a link from another site, the page was rendered without the cookie of the session, so it does not know it.
    if (user === null && hasSessionMarker(marker)) refresh();
    else channel.postMessage(user);
    // The way to the provider and back takes a while.
    const leave = ({ target }: SubmitEvent) => {
      if (target instanceof HTMLFormElement && target.action.endsWith('/auth/sign-out'))
        channel.postMessage(null);
    };
    document.addEventListener('submit', leave);
    return () => {
      document.removeEventListener('submit', leave);
      channel.close();
    };
  }, [user, marker, refresh]);

  useEffect(() => {
    if (user === null) return;
    let checkedAt = performance.now();
    const end = () => setHasEnded(true);
    async function check(): Promise<void> {
      if (document.visibilityState !== 'visible' || performance.now() - checkedAt < checkInterval) return;
      checkedAt = performance.now();
      const current = await currentUser();
      if (current === null) end();
      else if (current !== undefined && current !== user) refresh();
    }
    // A page that the browser kept from before a sign-out must not show the user's data again.
    const restore = ({ persisted }: PageTransitionEvent) => {
      if (persisted) window.location.reload();
    };
    window.addEventListener(sessionEndedEvent, end);
    window.addEventListener('pageshow', restore);
    document.addEventListener('visibilitychange', check);
    return () => {
      window.removeEventListener(sessionEndedEvent, end);
      window.removeEventListener('pageshow', restore);
      document.removeEventListener('visibilitychange', check);
    };
  }, [user, refresh]);

  if (!hasEnded || user === null) return null;
  return (
    <p role="alert" className="notice fixed inset-x-4 bottom-4 z-20 mx-auto max-w-prose shadow-lg">
      Your session has ended. What you wrote here is still there.{' '}
      <a className="underline" href={signInUrl(path)} target="_blank" rel="noopener">
        Sign in again in a new tab
      </a>
    </p>
  );
}

/** Returns the id of the signed-in user, null if there is none, and undefined if the server does not say. */
async function currentUser(): Promise<string | null | undefined> {
  try {
    const response = await fetch('/api/trpc/session.current', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    if (!response.ok) return undefined;
    const { result }: { result: { data: { json: { user: { id: string } | null } } } } = await response.json();
    return result.data.json.user?.id ?? null;
  } catch {
    return undefined;
  }
}
