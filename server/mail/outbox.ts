import { randomUUID } from 'node:crypto';
import type { RawBuilder } from 'kysely';
import { AppError } from '../errors.ts';
import { currentTrace, formatTraceparent } from '../observability/trace-context.ts';
import type { Database, Queries } from '../storage/database.ts';
import { type Claims, createClaims } from './claims.ts';
import { type Draft, payloadHash } from './draft.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { createOperations, type Operations } from './operations.ts';
import { withStorageErrors } from './storage-errors.ts';
import { type MailStatus, type MailTable, statusOf } from './tables.ts';
import { type MailTiming, mailTiming } from './timing.ts';

/** Returned only once the mail is durable. */
export type Receipt = {
  id: string;
  /** The mail's Message-ID header, with its angle brackets. */
  messageId: string;
  status: MailStatus;
  /** True if the idempotency key already belonged to this mail. */
  duplicate: boolean;
};

export type Delivery = {
  id: string;
  status: MailStatus;
  attempts: number;
  acceptedAt: Date;
  sentAt: Date | null;
};

export type OutboxOptions = {
  /** Its host name is the right-hand side of every Message-ID. */
  siteUrl: string;
  /** True when there is no transport: mails are accepted as `held`. */
  hold?: boolean;
  timing?: Pick<MailTiming, 'lease' | 'backoffCap'>;
};

/** A transactional outbox. Every operation throws `AppError('mail_unavailable')` when the storage fails. */
export type Outbox = Claims &
  Operations & {
    /**
     * Accepts a mail; resolves after COMMIT.
     *
     * @throws AppError idempotency_conflict when the key was used for a different draft
     */
    enqueue(draft: Draft): Promise<Receipt>;
    status(id: string): Promise<Delivery | undefined>;
    /** Returns the states of mails by id. Those that do not exist are left out. */
    statuses(ids: readonly string[]): Promise<ReadonlyMap<string, Delivery>>;
    /** Makes held mails due. Resolves to their number. */
    releaseHeld(): Promise<number>;
    inbox: Inbox;
  };

export function createOutbox(db: Database, opts: OutboxOptions): Outbox {
  const { timing = mailTiming } = opts;
  const host = new URL(opts.siteUrl).hostname;
  const { now, write, queries } = db;

  const statuses: Outbox['statuses'] = (ids) =>
    withStorageErrors(async () => {
      const rows = await queries
        .selectFrom('mail')
        .select(['id', 'status', 'suspicion', 'attempts', 'accepted_at', 'sent_at'])
        .where('id', 'in', ids)
        .execute();
      return new Map(rows.map((row) => [row.id, deliveryOf(row)]));
    });

  return {
    ...createClaims(db, timing),
    ...createOperations(db),
    inbox: createInbox(db),

    enqueue: (draft) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const mail = newMail(draft, { host, at: now(), hold: opts.hold === true });
          // The unique index resolves a race: the loser inserts nothing and reads the winner's row.
          const inserted = await transaction
            .insertInto('mail')
            .values(mail)
            .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
            .returning('id')
            .executeTakeFirst();
          if (!inserted) return duplicateOf(transaction, mail);
          return { id: mail.id, messageId: mail.message_id, status: statusOf(mail), duplicate: false };
        }),
      ),

    status: async (id) => (await statuses([id])).get(id),
    statuses,

    releaseHeld: () =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const result = await transaction
            .updateTable('mail')
            .set({ status: 'queued', queued_at: now(), next_attempt_at: now() })
            .where('status', '=', 'held')
            .executeTakeFirst();
          return Number(result.numUpdatedRows);
        }),
      ),
  };
}

type NewMail = Pick<
  MailTable,
  | 'id'
  | 'message_id'
  | 'idempotency_key'
  | 'payload_hash'
  | 'from_address'
  | 'from_name'
  | 'subject'
  | 'contents'
  | 'status'
  | 'attempts'
  | 'unfinished'
  | 'traceparent'
  | 'suspicion'
> &
  Record<'accepted_at' | 'queued_at' | 'next_attempt_at', RawBuilder<number>>;

function deliveryOf(
  row: Pick<MailTable, 'id' | 'status' | 'suspicion' | 'attempts' | 'accepted_at' | 'sent_at'>,
): Delivery {
  return {
    id: row.id,
    status: statusOf(row),
    attempts: row.attempts,
    acceptedAt: new Date(row.accepted_at),
    sentAt: row.sent_at === null ? null : new Date(row.sent_at),
  };
}

/** @throws AppError idempotency_conflict */
async function duplicateOf(queries: Queries, mail: NewMail): Promise<Receipt> {
  const earlier = await queries
    .selectFrom('mail')
    .select(['id', 'message_id', 'status', 'suspicion', 'payload_hash'])
    .where('idempotency_key', '=', mail.idempotency_key)
    .executeTakeFirstOrThrow();
  if (earlier.payload_hash !== mail.payload_hash) throw new AppError('idempotency_conflict');
  return { id: earlier.id, messageId: earlier.message_id, status: statusOf(earlier), duplicate: true };
}

function newMail(
  draft: Draft,
  { host, at, hold }: { host: string; at: RawBuilder<number>; hold: boolean },
): NewMail {
  const id = randomUUID();
  const trace = currentTrace.getStore();
  const { suspicion = null } = draft;
  return {
    id,
    message_id: `<${id}@${host}>`,
    idempotency_key: draft.idempotencyKey ?? null,
    payload_hash: payloadHash(draft),
    from_address: draft.email,
    from_name: draft.name ?? null,
    subject: draft.subject ?? null,
    contents: draft.contents,
    status: suspicion ? 'dead' : hold ? 'held' : 'queued',
    suspicion,
    attempts: 0,
    unfinished: 0,
    traceparent: trace ? formatTraceparent(trace) : null,
    accepted_at: at,
    queued_at: at,
    next_attempt_at: at,
  };
}
