'use client';

import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { trpc } from '#client/trpc.ts';
import { deliverySteps, deliveryText, type Step } from './delivery-steps.ts';

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
  const delivery = status.data;
  const isOver = delivery?.status === 'sent' || delivery?.status === 'dead';
  return (
    <div className="card space-y-3">
      <p role="status" data-status={delivery?.status}>
        {delivery ? deliveryText(delivery) : 'Your message was accepted.'}
      </p>
      {delivery && <Steps steps={deliverySteps(delivery)} />}
      {!isOver && (
        <noscript>
          <a href={`/contact?mail=${encodeURIComponent(id)}`}>Check again</a>
        </noscript>
      )}
    </div>
  );
}

const marks = { done: '✓', current: '●', ahead: '○', failed: '✕' };
const words = { done: 'done', current: 'now', ahead: 'to follow', failed: 'failed' };

function Steps({ steps }: { steps: Step[] }) {
  return (
    <ol className="delivery-steps" aria-label="Delivery">
      {steps.map(({ name, progress, at }) => (
        <li key={name} data-progress={progress} aria-current={progress === 'current' ? 'step' : undefined}>
          <span aria-hidden="true" className="delivery-mark">
            {marks[progress]}
          </span>
          <span>
            {name}
            <span className="sr-only">: {words[progress]}</span>
            {at && (
              <time className="block text-muted text-sm tabular-nums" dateTime={at.toISOString()}>
                {at.toISOString().slice(11, 19)} UTC
              </time>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
