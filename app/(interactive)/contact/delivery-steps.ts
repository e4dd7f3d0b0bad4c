import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '#server/trpc/router.ts';

type Delivery = inferRouterOutputs<AppRouter>['email']['status'];

/** done: is over; current: happens or waits now; ahead: follows; failed: the last step, after which none follows. */
type Progress = 'done' | 'current' | 'ahead' | 'failed';

export type Step = { name: string; progress: Progress; at?: Date };

/** Returns the steps of a delivery in their order. */
export function deliverySteps({ status, acceptedAt, sentAt }: Delivery): Step[] {
  const accepted: Step = { name: 'Accepted', progress: 'done', at: acceptedAt };
  switch (status) {
    case 'queued':
      return [accepted, { name: 'Waiting to be sent', progress: 'current' }, ahead('Sent')];
    case 'sending':
      return [accepted, { name: 'Sending', progress: 'current' }, ahead('Sent')];
    case 'sent':
      return [
        accepted,
        { name: 'Sending', progress: 'done' },
        { name: 'Sent', progress: 'done', ...(sentAt ? { at: sentAt } : {}) },
      ];
    case 'held':
      return [accepted, { name: 'Held', progress: 'current' }, ahead('Sending'), ahead('Sent')];
    case 'dead':
      return [accepted, { name: 'Sending', progress: 'done' }, { name: 'Not delivered', progress: 'failed' }];
  }
}

const ahead = (name: string): Step => ({ name, progress: 'ahead' });

/** Returns what the state of a delivery means for the person who sent the mail. */
export function deliveryText({ status, attempts }: Pick<Delivery, 'status' | 'attempts'>): string {
  switch (status) {
    case 'queued':
      return attempts === 0
        ? 'Your message is stored and queued for delivery.'
        : `Your message is stored. ${tries(attempts)} to deliver it failed, and the next follows soon.`;
    case 'sending':
      return 'Your message is being sent.';
    case 'sent':
      return 'Your message was sent.';
    case 'dead':
      return 'Your message could not be delivered. The owner of this site can still read it.';
    case 'held':
      return 'Your message is stored. It will be sent once the owner of this site releases it.';
  }
}

const tries = (count: number) => (count === 1 ? 'The first attempt' : `The first ${count} attempts`);
