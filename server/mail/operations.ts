import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import { type MailDatabase, type MailRow, type MailStatus, mailStatuses } from './database.ts';
import { withStorageErrors } from './storage-errors.ts';

/** A mail in the operator's list. */
type MailSummary = {
  id: string;
  status: MailStatus;
  attempts: number;
  acceptedAt: Date;
  /** Time of the next attempt; null unless the mail is queued. */
  nextAttemptAt: Date | null;
  sentAt: Date | null;
  /** Why the last attempt failed: a command and codes, never the server's text. */
  lastError: string | null;
};

/** Includes the visitor's message. */
type MailDetails = MailSummary & {
  messageId: string;
  email: string;
  name: string | null;
  subject: string | null;
  contents: string;
};

/** The operator's actions on mails. */
export type Operations = {
  /** Newest first. */
  list(options: { status?: MailStatus | undefined; limit: number }): Promise<MailSummary[]>;
  get(id: string): Promise<MailDetails | undefined>;
  /** Resets a dead, held or queued mail to its first attempt, due immediately. Returns false if there is none. */
  requeue(id: string): Promise<boolean>;
  /** Deletes a mail with its idempotency key, unless it is being sent. Returns false if there is none. */
  discard(id: string): Promise<boolean>;
  /** Returns the number of mails in each state. */
  counts(): Promise<Record<MailStatus, number>>;
  /**
   * Deletes mails sent more than `olderThan` milliseconds ago, at most `limits.mail.deletedAtOnce`; returns how many.
   * Dead and held mails never expire.
   */
  deleteSent(olderThan: number): Promise<number>;
};

export function createOperations({ queries, write, now }: MailDatabase): Operations {
  return {
    list: ({ status, limit }) =>
      withStorageErrors(async () => {
        const rows = await queries
          .selectFrom('mail')
          .selectAll()
          .$if(status !== undefined, (select) => select.where('status', '=', status ?? 'queued'))
          .orderBy('accepted_at', 'desc')
          .orderBy('id')
          .limit(limit)
          .execute();
        return rows.map(toSummary);
      }),

    get: (id) =>
      withStorageErrors(async () => {
        const row = await queries.selectFrom('mail').selectAll().where('id', '=', id).executeTakeFirst();
        return (
          row && {
            ...toSummary(row),
            messageId: row.message_id,
            email: row.from_address,
            name: row.from_name,
            subject: row.subject,
            contents: row.contents,
          }
        );
      }),

    requeue: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const result = await transaction
            .updateTable('mail')
            .set({ status: 'queued', attempts: 0, unfinished: 0, queued_at: now(), next_attempt_at: now() })
            .where('id', '=', id)
            .where('status', 'in', ['dead', 'held', 'queued'])
            .executeTakeFirst();
          return result.numUpdatedRows > 0n;
        }),
      ),

    discard: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const discarded = transaction
            .selectFrom('mail')
            .select('id')
            .where('id', '=', id)
            .where('status', '!=', 'sending');
          await transaction.deleteFrom('inbox').where('mail_id', 'in', discarded).execute();
          const result = await transaction
            .deleteFrom('mail')
            .where('id', '=', id)
            .where('status', '!=', 'sending')
            .executeTakeFirst();
          return result.numDeletedRows > 0n;
        }),
      ),

    counts: () =>
      withStorageErrors(async () => {
        const rows = await queries
          .selectFrom('mail')
          .select(['status', (eb) => eb.fn.countAll<number | string | bigint>().as('count')])
          .groupBy('status')
          .execute();
        const countByStatus = new Map(rows.map(({ status, count }) => [status, Number(count)]));
        const [queued, sending, sent, dead, held] = mailStatuses.map(
          (status) => countByStatus.get(status) ?? 0,
        );
        return {
          queued: queued ?? 0,
          sending: sending ?? 0,
          sent: sent ?? 0,
          dead: dead ?? 0,
          held: held ?? 0,
        };
      }),

    deleteSent: (olderThan) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const before = sql<number>`${now()} - ${sql.val(Math.round(olderThan))}`;
          const old = transaction
            .selectFrom('mail')
            .select('id')
            .where('status', '=', 'sent')
            .where('sent_at', '<', before)
            .limit(limits.mail.deletedAtOnce);
          const ids = (await old.execute()).map(({ id }) => id);
          if (ids.length === 0) return 0;
          await transaction.deleteFrom('inbox').where('mail_id', 'in', ids).execute();
          await transaction.deleteFrom('mail').where('id', 'in', ids).execute();
          return ids.length;
        }),
      ),
  };
}

function toSummary(row: MailRow): MailSummary {
  return {
    id: row.id,
    status: row.status,
    attempts: row.attempts,
    acceptedAt: new Date(row.accepted_at),
    nextAttemptAt: row.status === 'queued' ? new Date(row.next_attempt_at) : null,
    sentAt: row.sent_at === null ? null : new Date(row.sent_at),
    lastError: row.last_error,
  };
}
