import { randomUUID } from 'node:crypto';
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
  queuedAt: Date;
  /** This attempt's number, from 1. */
  attempt: number;
  /** The lease's token: what the outcome must carry. */
  token: string;
};

export type Retry = {
  /** Milliseconds since the epoch. */
  at: number;
  lastError: string | null;
  /** False gives the attempt back: the mail was not to blame. */
  countAttempt: boolean;
};

/** Outcomes are fenced: with a token that is not the current lease's, nothing changes and the answer is false. */
export type Claims = {
  /** The mail that has been due for longest, or undefined. One statement, so that no two claims get the same one. */
  claim(): Promise<ClaimedMail | undefined>;
  complete(id: string, token: string): Promise<boolean>;
  retryLater(id: string, token: string, retry: Retry): Promise<boolean>;
  bury(id: string, token: string, lastError: string): Promise<boolean>;
};

export type ClaimOptions = { clock: () => number; lease: number; backoffCap: number };

export function createClaims(db: MailDatabase, opts: ClaimOptions): Claims {
  const now = () => Math.round(opts.clock());

  const settle = (id: string, token: string) =>
    db
      .updateTable('mail')
      .set({ lease_token: null, lease_until: null })
      .where('id', '=', id)
      .where('status', '=', 'sending')
      .where('lease_token', '=', token);

  return {
    claim: () =>
      storage(async () => {
        const at = now();
        const token = randomUUID();
        const due = db
          .selectFrom('mail')
          .select('id')
          .where((eb) =>
            eb.or([
              eb.and([
                eb('status', '=', 'queued'),
                eb.or([
                  eb('next_attempt_at', '<=', at),
                  // No backoff reaches this far: the clock was set back, and the mail would wait for it.
                  eb('next_attempt_at', '>', at + 2 * opts.backoffCap),
                ]),
              ]),
              eb.and([eb('status', '=', 'sending'), eb('lease_until', '<=', at)]),
            ]),
          )
          .orderBy('next_attempt_at')
          .orderBy('accepted_at')
          .limit(1);
        const row = await db
          .updateTable('mail')
          .set((eb) => ({
            status: 'sending',
            attempts: eb('attempts', '+', 1),
            lease_token: token,
            lease_until: at + Math.round(opts.lease),
          }))
          .where('id', '=', due)
          .returningAll()
          .executeTakeFirst();
        return row && toClaimedMail(row, token);
      }),

    complete: (id, token) =>
      storage(async () => {
        const result = await settle(id, token)
          .set({ status: 'sent', sent_at: now(), last_error: null })
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      }),

    retryLater: (id, token, retry) =>
      storage(async () => {
        const result = await settle(id, token)
          .set((eb) => ({
            status: 'queued',
            next_attempt_at: Math.round(retry.at),
            last_error: retry.lastError,
            attempts: eb('attempts', '-', retry.countAttempt ? 0 : 1),
          }))
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      }),

    bury: (id, token, lastError) =>
      storage(async () => {
        const result = await settle(id, token)
          .set({ status: 'dead', last_error: lastError })
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      }),
  };
}

function toClaimedMail(row: MailRow, token: string): ClaimedMail {
  return {
    id: row.id,
    messageId: row.message_id,
    email: row.from_address,
    name: row.from_name,
    subject: row.subject,
    contents: row.contents,
    acceptedAt: new Date(row.accepted_at),
    queuedAt: new Date(row.queued_at),
    attempt: row.attempts,
    token,
  };
}
