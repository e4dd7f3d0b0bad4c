'use client';

import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { trpc } from '#client/trpc.ts';

const texts = {
  queued: 'Your message is stored and queued for delivery.',
  sending: 'Your message is being sent.',
  sent: 'Your message was sent.',
  dead: 'Your message could not be delivered. The owner of this site can still read it.',
  held: 'Your message is stored. It will be sent once the owner of this site releases it.',
};

const steps = [
  ['queued', 'Stored'],
  ['sending', 'Sending'],
  ['sent', 'Sent'],
] as const;

/** The delivery state of a mail. Without JavaScript it does not update and shows the state at page load. */
export function DeliveryState({ id }: { id: string }) {
  const utils = trpc.useUtils();
  trpc.email.watch.useSubscription(
    { id },
    {
      async onData({ data }) {
        // A response that is on its way would be older.
        await utils.email.status.cancel({ id });
        utils.email.status.setData({ id }, data);
      },
    },
  );
  const status = trpc.email.status.useQuery({ id });
  if (status.error) {
    return <Failure {...toFailure(status.error)} onRetry={() => status.refetch()} />;
  }
  const state = status.data?.status;
  return (
    <div className="card space-y-3">
      <p role="status" data-status={state}>
        {state ? texts[state] : 'Your message was accepted.'}
      </p>
      <Steps reached={steps.findIndex(([step]) => step === state)} />
    </div>
  );
}

/** A progress bar. It is hidden from screen readers because it repeats the text above it. */
function Steps({ reached }: { reached: number }) {
  if (reached < 0) return null;
  return (
    <div aria-hidden="true" className="flex gap-2 text-sm">
      {steps.map(([step, name], index) => (
        <span
          key={step}
          className={`grow border-t-4 pt-1 ${index <= reached ? 'border-accent' : 'border-line text-muted'}`}
        >
          {name}
        </span>
      ))}
    </div>
  );
}
