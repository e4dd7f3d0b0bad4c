import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { MailDatabase, MailRow } from './database.ts';
import { storage } from './storage.ts';

/** A mail that belongs to one dispatcher until its lease ends. */
export type ClaimedMail = {
  id: string;
  messageId: string;
  email: string;
  name: string | null;
  subject: string | null;
  contents: string;
  acceptedAt: Date;
  /** How long delivery has been tried, in milliseconds. */
  age: number;
  /** This attempt's number, from 1. */
  attempt: number;
  /** Claims that ended without an outcome before this one. */
  crashedClaims: number;
  /** The lease's token: what the outcome must carry. */
  token: string;
  /** The trace that it was accepted in; null where nobody had one. */
  traceparent: string | null;
};

export type Retry = {
  /** Milliseconds from now. */
  delay: number;
  lastError: string | null;
  /** False gives the attempt back: the mail was not to blame. */
  countAttempt: boolean;
};

/** Outcomes are fenced: with a token that is not the current lease's, nothing changes and the answer is false. */
export type Claims = {
  /** The mail that has been due for longest, or undefined. No two claims get the same one. */
  claim(): Promise<ClaimedMail | undefined>;
  complete(id: string, token: string): Promise<boolean>;
  retryLater(id: string, token: string, retry: Retry): Promise<boolean>;
  markDead(id: string, token: string, lastError: string): Promise<boolean>;
};

export type ClaimOptions = { lease: number; backoffCap: number };

export function createClaims({ engine, write, now }: MailDatabase, opts: ClaimOptions): Claims {
  const lease = Math.round(opts.lease);
  const later = (milliseconds: number) => sql<number>`${now()} + ${sql.val(Math.round(milliseconds))}`;

  /** @returns whether the lease was still this token's */
  const settle = (
    id: string,
    token: string,
    outcome: Partial<Pick<MailRow, 'status' | 'last_error'>>,
    times: { sentNow?: boolean; delay?: number; giveBack?: boolean } = {},
  ) =>
    storage(() =>
      write(async (queries) => {
        const result = await queries
          .updateTable('mail')
          .set({ ...outcome, lease_token: null, lease_until: null, unfinished: 0 })
          .$if(times.sentNow === true, (update) => update.set({ sent_at: now() }))
          .$if(times.delay !== undefined, (update) =>
            update.set({ next_attempt_at: later(times.delay ?? 0) }),
          )
          .$if(times.giveBack === true, (update) =>
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
      storage(() =>
        write(async (queries) => {
          const token = randomUUID();
          const due = queries
            .selectFrom('mail')
            .select('id')
            .where((eb) =>
              eb.or([
                eb.and([
                  eb('status', '=', 'queued'),
                  eb.or([
                    eb('next_attempt_at', '<=', now()),
                    // No backoff reaches this far: the clock was set back, and the mail would wait for it.
                    eb('next_attempt_at', '>', later(2 * opts.backoffCap)),
                  ]),
                ]),
                eb.and([
                  eb('status', '=', 'sending'),
                  eb.or([eb('lease_until', '<=', now()), eb('lease_until', '>', later(2 * lease))]),
                ]),
              ]),
            )
            .orderBy('next_attempt_at')
            .orderBy('accepted_at')
            .limit(1)
            // SQLite has one writer at a time; PostgreSQL must be told that another claim's row is not ours.
            .$if(engine === 'postgres', (select) => select.forUpdate().skipLocked());
          const row = await queries
            .updateTable('mail')
            .set((eb) => ({
              status: 'sending',
              attempts: eb('attempts', '+', 1),
              unfinished: eb('unfinished', '+', 1),
              lease_token: token,
              lease_until: later(lease),
            }))
            .where('id', '=', due)
            .returningAll()
            .executeTakeFirst();
          return row && toClaimedMail(row, token, lease);
        }),
      ),

    complete: (id, token) => settle(id, token, { status: 'sent', last_error: null }, { sentNow: true }),

    retryLater: (id, token, { delay, lastError, countAttempt }) =>
      settle(id, token, { status: 'queued', last_error: lastError }, { delay, giveBack: !countAttempt }),

    markDead: (id, token, lastError) => settle(id, token, { status: 'dead', last_error: lastError }),
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
