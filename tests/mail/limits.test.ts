import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';

const { mail } = limits;
const second = 1_000;

test('a lease outlasts an attempt, an attempt a silent socket, and a silent socket a connection that is not made', () => {
  expect([mail.lease, mail.attemptDeadline, mail.socketTimeout, mail.connectionTimeout]).toEqual([
    120 * second,
    60 * second,
    30 * second,
    10 * second,
  ]);
  // The outcome is stored within the lease too, and a stop waits no longer than the process lives.
  expect(mail.attemptDeadline + limits.database.connectTimeout + limits.database.queryTimeout).toBeLessThan(
    mail.lease,
  );
  expect(mail.stopGrace).toBeLessThan(limits.shutdownDeadline);
});

test('a mail is tried again after 5 s x 3^n, at most 15 minutes, for five days', () => {
  expect([mail.backoffBase, mail.backoffFactor, mail.backoffCap]).toEqual([5 * second, 3, 15 * 60 * second]);
  expect(mail.giveUpAfter).toBe(5 * 24 * 60 * 60 * second);
});
