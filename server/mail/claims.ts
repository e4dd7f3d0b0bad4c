import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../storage/database.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { MailRow } from './tables.ts';

/** The properties of a claimed mail that its delivery needs, apart from its contents. */
export type ClaimedDelivery = {
  id: string;
  messageId: string;
  acceptedAt: Date;
  /** Time since delivery could first be attempted, in milliseconds. */
  age: number;
  /** The number of this attempt, starting at 1. */
  attempt: number;
  /** Claims that ended without an outcome before this one. */
  crashedClaims: number;
  /** Fencing token of the lease; recording the outcome requires it. */
  token: string;
  /** The trace that the mail was accepted in; null if it was not traced. */
  traceparent: string | null;
};

/** A visitor's mail to the owner of the site, claimed by one dispatcher until its lease ends. */
export type ClaimedMail = ClaimedDelivery & {
  email: string;
  name: string | null;
  subject: string | null;
  contents: string;
};

type Retry = {
  /** Milliseconds until the next attempt. */
  delay: number;
  lastError: string | null;
  /** False if the mail was not the cause of the failure; the attempt is not counted. */
  countAttempt: boolean;
};

/** Outcomes are fenced: with a token other than the current lease's, nothing changes and the result is false. */
export type Outcomes = {
  complete(id: string, token: string): Promise<boolean>;
  retryLater(id: string, token: string, retry: Retry): Promise<boolean>;
  markDead(id: string, token: string, lastError: string): Promise<boolean>;
};

export type Claims = Outcomes & {
  /**
   * Claims a mail whose last claim has ended without an outcome, else the mail that has been due the longest, or returns
   * undefined. No two claims get the same mail.
   */
  claim(): Promise<ClaimedMail | undefined>;
};

export type ClaimOptions = { lease: number; backoffCap: number };

export function createClaims({ engine, write, now }: Database, opts: ClaimOptions): Claims {
  const lease = Math.round(opts.lease);
  const later = (milliseconds: number) => sql<number>`${now()} + ${sql.val(Math.round(milliseconds))}`;

  /** @returns false if the lease no longer belongs to this token */
  const recordOutcome = (
    id: string,
    token: string,
    outcome: Partial<Pick<MailRow, 'status' | 'last_error'>>,
    changes: { sentNow?: boolean; delay?: number; uncountAttempt?: boolean } = {},
  ) =>
    withStorageErrors(() =>
      write(async (queries) => {
        const result = await queries
          .updateTable('mail')
          .set({ ...outcome, lease_token: null, lease_until: null, unfinished: 0 })
          .$if(changes.sentNow === true, (update) => update.set({ sent_at: now() }))
          .$if(changes.delay !== undefined, (update) =>
            update.set({ next_attempt_at: later(changes.delay ?? 0) }),
          )
          .$if(changes.uncountAttempt === true, (update) =>
            update.set((eb) => ({ attempts: eb('attempts', '-', 1) })),
          )
          .where('id', '=', id)
          .where('status', '=', 'sending')
          .where('lease_token', '=', token)
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      }),
    );

  return {
    claim: () =>
      withStorageErrors(() =>
        write(async (queries) => {
          const token = randomUUID();
          const ids = queries
            .selectFrom('mail')
            .select('id')
            .limit(1)
            // SQLite has one writer at a time. On PostgreSQL, concurrent claims must skip each other's rows.
            .$if(engine === 'postgres', (select) => select.forUpdate().skipLocked());
          const abandoned = ids
            .where('status', '=', 'sending')
            // Or far ahead, with a margin: the clock was set back. A claim that is taken from a live process is sent twice.
            .where((eb) => eb.or([eb('lease_until', '<=', now()), eb('lease_until', '>', later(2 * lease))]));
          const queued = ids.where('status', '=', 'queued').orderBy('next_attempt_at').orderBy('accepted_at');
          const due = queued.where('next_attempt_at', '<=', now());
          // Further ahead than any backoff: the clock was set back, and the mail would wait until it caught up.
          const ahead = queued.where('next_attempt_at', '>', later(opts.backoffCap));
          // Three searches, each in the order of an index. One with all conditions would sort the whole queue.
          const next = sql<string>`coalesce(${abandoned}, ${due}, ${ahead})`;
          const row = await queries
            .updateTable('mail')
            .set((eb) => ({
              status: 'sending',
              attempts: eb('attempts', '+', 1),
              unfinished: eb('unfinished', '+', 1),
              lease_token: token,
              lease_until: later(lease),
            }))
            .where('id', '=', next)
            .returningAll()
            .executeTakeFirst();
          return row && toClaimedMail(row, token, lease);
        }),
      ),

    complete: (id, token) =>
      recordOutcome(id, token, { status: 'sent', last_error: null }, { sentNow: true }),

    retryLater: (id, token, { delay, lastError, countAttempt }) =>
      recordOutcome(
        id,
        token,
        { status: 'queued', last_error: lastError },
        { delay, uncountAttempt: !countAttempt },
      ),

    markDead: (id, token, lastError) => recordOutcome(id, token, { status: 'dead', last_error: lastError }),
  };
}

function toClaimedMail(row: MailRow, token: string, lease: number): ClaimedMail {
  const claimedAt = (row.lease_until ?? 0) - lease;
  return {
    id: row.id,
    messageId: row.message_id,
    email: row.from_address,
    name: row.from_name,
    subject: row.subject,
    contents: row.contents,
    acceptedAt: new Date(row.accepted_at),
    age: Math.max(0, claimedAt - row.queued_at),
    attempt: row.attempts,
    crashedClaims: row.unfinished - 1,
    token,
    traceparent: row.traceparent,
  };
}
