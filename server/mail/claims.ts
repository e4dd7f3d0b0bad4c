import { createLeases, type Lease, type Outcome } from '../queue/leases.ts';
import type { Database } from '../storage/database.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { MailStatus, MailTable } from './tables.ts';

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

export function createClaims(db: Database, { lease, backoffCap }: ClaimOptions): Claims {
  const leases = createLeases(db, { table: 'mail', claimed: 'sending', lease, maxDelay: backoffCap });
  const end = (id: string, token: string, outcome: Outcome<MailStatus>) =>
    withStorageErrors(() => leases.end(id, token, outcome));

  return {
    claim: () =>
      withStorageErrors(async () => {
        const claimed = await leases.claim();
        return claimed && toClaimedMail(claimed);
      }),

    complete: (id, token) => end(id, token, { status: 'sent', lastError: null, timeIn: 'sent_at' }),

    retryLater: (id, token, { delay, lastError, countAttempt }) =>
      end(id, token, { status: 'queued', lastError, delay, uncountAttempt: !countAttempt }),

    markDead: (id, token, lastError) => end(id, token, { status: 'dead', lastError }),
  };
}

function toClaimedMail({ row, token, age, crashedClaims }: Lease<MailTable>): ClaimedMail {
  return {
    id: row.id,
    messageId: row.message_id,
    email: row.from_address,
    name: row.from_name,
    subject: row.subject,
    contents: row.contents,
    acceptedAt: new Date(row.accepted_at),
    age,
    attempt: row.attempts,
    crashedClaims,
    token,
    traceparent: row.traceparent,
  };
}
