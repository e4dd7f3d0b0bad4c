import { describe, expect, test } from 'vitest';
import { deliverySteps, deliveryText } from '#app/(interactive)/contact/delivery-steps.ts';
import { mailStatuses } from '#server/mail/tables.ts';

const acceptedAt = new Date('2026-05-04T12:00:00Z');
const sentAt = new Date('2026-05-04T12:00:03Z');
const delivery = { id: 'a', attempts: 0, acceptedAt, sentAt: null };

describe('the steps of a delivery', () => {
  test.each(mailStatuses)('begin with the acceptance: %s', (status) => {
    expect(deliverySteps({ ...delivery, status })[0]).toEqual({
      name: 'Accepted',
      progress: 'done',
      at: acceptedAt,
    });
  });

  test.each([
    ['queued', ['done', 'current', 'ahead']],
    ['sending', ['done', 'current', 'ahead']],
    ['held', ['done', 'current', 'ahead', 'ahead']],
    ['dead', ['done', 'done', 'failed']],
  ] as const)('of a mail that is %s', (status, expected) => {
    const steps = deliverySteps({ ...delivery, status });
    expect(steps.map(({ progress }) => progress)).toEqual(expected);
    expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
  });

  test('end with the time at which the mail was sent', () => {
    expect(deliverySteps({ ...delivery, status: 'sent', sentAt }).at(-1)).toEqual({
      name: 'Sent',
      progress: 'done',
      at: sentAt,
    });
  });
});

describe('the text of a delivery', () => {
  test.each([
    ['queued', 0, 'Your message is stored and queued for delivery.'],
    [
      'queued',
      1,
      'Your message is stored. The first attempt to deliver it failed, and the next follows soon.',
    ],
    [
      'queued',
      3,
      'Your message is stored. The first 3 attempts to deliver it failed, and the next follows soon.',
    ],
    ['dead', 5, 'Your message could not be delivered. The owner of this site can still read it.'],
  ] as const)('of a mail that is %s after %d attempts', (status, attempts, text) => {
    expect(deliveryText({ status, attempts })).toBe(text);
  });
});
