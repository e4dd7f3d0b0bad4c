import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import type { Suspicion } from './screening.ts';
import { withStorageErrors } from './storage-errors.ts';
import { type MailRow, type MailState, type MailTables, stateOf } from './tables.ts';

/** A mail in the operator's list. */
type MailSummary = {
  id: string;
  status: MailState;
  /** Why the mail is suspected; null for other mails. */
  suspicion: Suspicion | null;
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
  list(options: { status?: MailState | undefined; limit: number }): Promise<MailSummary[]>;
  get(id: string): Promise<MailDetails | undefined>;
  /**
   * Resets a dead, held, queued or suspected mail to its first attempt, due immediately. Returns false if there is none.
   */
  requeue(id: string): Promise<boolean>;
  /** Deletes a mail with its idempotency key, unless it is being sent. Returns false if there is none. */
  discard(id: string): Promise<boolean>;
  /** Returns the number of mails in each state. */
  counts(): Promise<Record<MailState, number>>;
  /**
   * Deletes mails sent more than `olderThan` milliseconds ago, at most `limits.mail.deletedAtOnce`; returns how many.
   * Dead, held and suspected mails never expire.
   */
  deleteSent(olderThan: number): Promise<number>;
};

export function createOperations({ queries, write, now }: Database): Operations {
  return {
    list: ({ status, limit }) =>
      withStorageErrors(async () => {
        const mails = queries.selectFrom('mail').selectAll();
        const rows = await (status === undefined ? mails : mails.where(isInState(status)))
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
            .set({
              status: 'queued',
              suspicion: null,
              attempts: 0,
              unfinished: 0,
              queued_at: now(),
              next_attempt_at: now(),
            })
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
          .select(['status', 'suspicion', (eb) => eb.fn.countAll<number | string | bigint>().as('count')])
          .groupBy(['status', 'suspicion'])
          .execute();
        const counts = { queued: 0, sending: 0, sent: 0, dead: 0, held: 0, suspected: 0 };
        for (const row of rows) counts[stateOf(row)] += Number(row.count);
        return counts;
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

/** The reverse of `stateOf`, as a condition. */
function isInState(state: MailState) {
  return (eb: ExpressionBuilder<MailTables, 'mail'>): ExpressionWrapper<MailTables, 'mail', SqlBool> => {
    switch (state) {
      case 'suspected':
        return eb.and([eb('status', '=', 'dead'), eb('suspicion', 'is not', null)]);
      case 'dead':
        return eb.and([eb('status', '=', 'dead'), eb('suspicion', 'is', null)]);
      default:
        return eb.and([eb('status', '=', state)]);
    }
  };
}

function toSummary(row: MailRow): MailSummary {
  return {
    id: row.id,
    status: stateOf(row),
    suspicion: stateOf(row) === 'suspected' ? row.suspicion : null,
    attempts: row.attempts,
    acceptedAt: new Date(row.accepted_at),
    nextAttemptAt: row.status === 'queued' ? new Date(row.next_attempt_at) : null,
    sentAt: row.sent_at === null ? null : new Date(row.sent_at),
    lastError: row.last_error,
  };
}
