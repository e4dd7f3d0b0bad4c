import type { Database } from '../storage/database.ts';
import { withStorageErrors } from './storage-errors.ts';

/** A message of the inbox with the fields that the visitor filled in. */
export type InboxRow = {
  id: string;
  receivedAt: Date;
  isRead: boolean;
  email: string;
  name: string | null;
  subject: string | null;
  contents: string;
};

export type Inbox = {
  /** Newest first, by default at most 200. */
  list(limit?: number): Promise<InboxRow[]>;
  get(id: string): Promise<(InboxRow & { raw: string }) | undefined>;
  /** Stores the message; a second delivery of the same mail changes nothing. */
  deliver(mailId: string, raw: string): Promise<void>;
  markRead(id: string): Promise<void>;
  /**
   * Deletes messages. Their mails stay in the outbox, as those that a mail server accepted.
   *
   * @param id undefined to delete all
   * @returns the number of deleted messages
   */
  remove(id?: string): Promise<number>;
};

/** Number of messages that the inbox shows. */
export const inboxLength = 200;

/** Stores messages instead of sending them: replaces the mail server in development and in the demo. */
export function createInbox({ queries, write, now }: Database): Inbox {
  const messages = () =>
    queries
      .selectFrom('inbox')
      .innerJoin('mail', 'mail.id', 'inbox.mail_id')
      .select(['mail.id', 'inbox.received_at', 'inbox.read_at'])
      .select(['mail.from_address', 'mail.from_name', 'mail.subject', 'mail.contents']);

  return {
    list: (limit = inboxLength) =>
      withStorageErrors(async () => {
        const rows = await messages()
          .orderBy('inbox.received_at', 'desc')
          .orderBy('mail.accepted_at', 'desc')
          .limit(limit)
          .execute();
        return rows.map(toInboxRow);
      }),

    get: (id) =>
      withStorageErrors(async () => {
        const row = await messages().select('inbox.raw').where('mail.id', '=', id).executeTakeFirst();
        return row && { ...toInboxRow(row), raw: row.raw };
      }),

    deliver: (mailId, raw) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          await transaction
            .insertInto('inbox')
            .values({ mail_id: mailId, received_at: now(), raw })
            .onConflict((conflict) => conflict.column('mail_id').doNothing())
            .execute();
        }),
      ),

    markRead: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          await transaction
            .updateTable('inbox')
            .set({ read_at: now() })
            .where('mail_id', '=', id)
            .where('read_at', 'is', null)
            .execute();
        }),
      ),

    remove: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const result = await transaction
            .deleteFrom('inbox')
            .$if(id !== undefined, (rows) => rows.where('mail_id', '=', id ?? ''))
            .executeTakeFirst();
          return Number(result.numDeletedRows);
        }),
      ),
  };
}

function toInboxRow(row: {
  id: string;
  received_at: number;
  read_at: number | null;
  from_address: string;
  from_name: string | null;
  subject: string | null;
  contents: string;
}): InboxRow {
  return {
    id: row.id,
    receivedAt: new Date(row.received_at),
    isRead: row.read_at !== null,
    email: row.from_address,
    name: row.from_name,
    subject: row.subject,
    contents: row.contents,
  };
}
