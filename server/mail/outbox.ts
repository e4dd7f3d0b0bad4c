import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import { type Claims, createClaims } from './claims.ts';
import type { MailDatabase, MailRow, MailStatus } from './database.ts';
import { type Draft, payloadHash } from './draft.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { storage } from './storage.ts';
import { type MailTiming, mailTiming } from './timing.ts';

/** Given only once the mail is durable. */
export type Receipt = {
  id: string;
  /** The Message-ID header of the mail, with its angle brackets. */
  messageId: string;
  status: MailStatus;
  /** The idempotency key had brought this mail already. */
  duplicate: boolean;
};

export type MailState = {
  id: string;
  status: MailStatus;
  attempts: number;
  acceptedAt: Date;
  sentAt: Date | null;
};

export type OutboxOptions = {
  /** Its host is the right-hand side of every Message-ID. */
  siteUrl: string;
  /** There is no transport: mails are accepted and wait for one. */
  hold?: boolean;
  timing?: Pick<MailTiming, 'lease' | 'backoffCap'>;
  /** Milliseconds since the epoch. */
  clock?: () => number;
};

/** A transactional outbox. Every operation throws `AppError('mail_unavailable')` when the storage fails. */
export type Outbox = Claims & {
  /**
   * Accepts a mail; resolves after COMMIT.
   *
   * @throws AppError idempotency_conflict when the key was used with other contents
   */
  enqueue(draft: Draft): Promise<Receipt>;
  status(id: string): Promise<MailState | undefined>;
  /** Held mails become due. Resolves to how many. */
  releaseHeld(): Promise<number>;
  inbox: Inbox;
};

export function createOutbox(db: MailDatabase, opts: OutboxOptions): Outbox {
  const { timing = mailTiming, clock = Date.now } = opts;
  const host = new URL(opts.siteUrl).hostname;
  const now = () => Math.round(clock());

  return {
    ...createClaims(db, { clock, lease: timing.lease, backoffCap: timing.backoffCap }),
    inbox: createInbox(db, clock),

    enqueue: (draft) =>
      storage(async () => {
        const mail = newMail(draft, { host, at: now(), status: opts.hold ? 'held' : 'queued' });
        // The unique index decides a race: the loser inserts nothing and reads the winner's row.
        const inserted = await db
          .insertInto('mail')
          .values(mail)
          .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
          .returning('id')
          .executeTakeFirst();
        if (inserted)
          return { id: mail.id, messageId: mail.message_id, status: mail.status, duplicate: false };

        const earlier = await db
          .selectFrom('mail')
          .select(['id', 'message_id', 'status', 'payload_hash'])
          .where('idempotency_key', '=', mail.idempotency_key)
          .executeTakeFirstOrThrow();
        if (earlier.payload_hash !== mail.payload_hash) throw new AppError('idempotency_conflict');
        return { id: earlier.id, messageId: earlier.message_id, status: earlier.status, duplicate: true };
      }),

    status: (id) =>
      storage(async () => {
        const row = await db
          .selectFrom('mail')
          .select(['id', 'status', 'attempts', 'accepted_at', 'sent_at'])
          .where('id', '=', id)
          .executeTakeFirst();
        return (
          row && {
            id: row.id,
            status: row.status,
            attempts: row.attempts,
            acceptedAt: new Date(row.accepted_at),
            sentAt: row.sent_at === null ? null : new Date(row.sent_at),
          }
        );
      }),

    releaseHeld: () =>
      storage(async () => {
        const result = await db
          .updateTable('mail')
          .set({ status: 'queued', queued_at: now(), next_attempt_at: now() })
          .where('status', '=', 'held')
          .executeTakeFirst();
        return Number(result.numUpdatedRows);
      }),
  };
}

function newMail(
  draft: Draft,
  { host, at, status }: { host: string; at: number; status: MailStatus },
): MailRow {
  const id = randomUUID();
  return {
    id,
    message_id: `<${id}@${host}>`,
    idempotency_key: draft.idempotencyKey ?? null,
    payload_hash: payloadHash(draft),
    from_address: draft.email,
    from_name: draft.name ?? null,
    subject: draft.subject ?? null,
    contents: draft.contents,
    status,
    attempts: 0,
    accepted_at: at,
    queued_at: at,
    next_attempt_at: at,
    lease_token: null,
    lease_until: null,
    sent_at: null,
    last_error: null,
  };
}
