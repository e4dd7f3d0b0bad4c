import type { Database } from '../storage/database.ts';
import { withStorageErrors } from './storage-errors.ts';

/** A message of the inbox with the fields that the visitor filled in. */
export type InboxRow = {
  id: string;
  receivedAt: Date;
  email: string;
  name: string | null;
  subject: string | null;
};

export type Inbox = {
  /** Newest first, at most 200. */
  list(): Promise<InboxRow[]>;
  get(id: string): Promise<(InboxRow & { contents: string; raw: string }) | undefined>;
  /** Stores the message; a second delivery of the same mail changes nothing. */
  deliver(mailId: string, raw: string): Promise<void>;
};

const listLength = 200;

/** Stores messages instead of sending them: replaces the mail server in development and in the demo. */
export function createInbox({ queries, write, now }: Database): Inbox {
  const messages = () =>
    queries
      .selectFrom('inbox')
      .innerJoin('mail', 'mail.id', 'inbox.mail_id')
      .select(['mail.id', 'inbox.received_at', 'mail.from_address', 'mail.from_name', 'mail.subject']);

  return {
    list: () =>
      withStorageErrors(async () => {
        const rows = await messages()
          .orderBy('inbox.received_at', 'desc')
          .orderBy('mail.accepted_at', 'desc')
          .limit(listLength)
          .execute();
        return rows.map(toInboxRow);
      }),

    get: (id) =>
      withStorageErrors(async () => {
        const row = await messages()
          .select(['inbox.raw', 'mail.contents'])
          .where('mail.id', '=', id)
          .executeTakeFirst();
        return row && { ...toInboxRow(row), contents: row.contents, raw: row.raw };
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
  };
}

function toInboxRow(row: {
  id: string;
  received_at: number;
  from_address: string;
  from_name: string | null;
  subject: string | null;
}): InboxRow {
  return {
    id: row.id,
    receivedAt: new Date(row.received_at),
    email: row.from_address,
    name: row.from_name,
    subject: row.subject,
  };
}
