import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';

const { mail } = limits;
const second = 1_000;

test('the timeouts are ordered: lease, attempt, idle socket, connection', () => {
  expect([mail.lease, mail.attemptDeadline, mail.socketTimeout, mail.connectionTimeout]).toEqual([
    120 * second,
    60 * second,
    30 * second,
    10 * second,
  ]);
  // Storing the outcome also fits into the lease, and the grace of a stop fits into the shutdown deadline.
  expect(mail.attemptDeadline + limits.database.connectTimeout + limits.database.queryTimeout).toBeLessThan(
    mail.lease,
  );
  expect(mail.stopGrace).toBeLessThan(limits.shutdownDeadline);
});

test('retries back off by 5 s x 3^n, capped at 15 minutes, for five days', () => {
  expect([mail.backoffBase, mail.backoffFactor, mail.backoffCap]).toEqual([5 * second, 3, 15 * 60 * second]);
  expect(mail.giveUpAfter).toBe(5 * 24 * 60 * 60 * second);
  expect(mail.minAttempts).toBe(10);
});

test('sent mails are kept for 30 days and deleted hourly, and a poison mail has five claims', () => {
  expect([mail.sentKeptFor, mail.sweepInterval]).toEqual([30 * 24 * 60 * 60 * second, 60 * 60 * second]);
  expect(mail.crashedClaims).toBe(5);
});
