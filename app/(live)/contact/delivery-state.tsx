'use client';

import { Failure } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { trpc } from '#client/trpc.ts';

const pollInterval = 1_000;

const texts = {
  queued: 'Your message is stored and waits to be sent.',
  sending: 'Your message is being sent.',
  sent: 'Your message was sent.',
  dead: 'Your message could not be delivered. It is kept for the owner of this site.',
  held: 'Your message is stored. It will be sent once a mail server is configured.',
};

/** How far a mail has come; live with JavaScript, as of the page load without. */
export function DeliveryState({ id }: { id: string }) {
  const status = trpc.email.status.useQuery(
    { id },
    {
      refetchInterval: (query) => {
        if (query.state.status === 'error') return false;
        const state = query.state.data?.status;
        return state === undefined || state === 'queued' || state === 'sending' ? pollInterval : false;
      },
    },
  );
  if (status.error) {
    return <Failure {...failureOf(status.error)} />;
  }
  return (
    <p role="status" className="card border-accent" data-status={status.data?.status}>
      {status.data ? texts[status.data.status] : 'Your message was accepted.'}
    </p>
  );
}
