import type { Kysely, RawBuilder, Selectable } from 'kysely';

/**
 * queued: waits for its next attempt; sending: claimed by a dispatcher until its lease ends; sent: the
 * transport took it; dead: given up; held: accepted while there was no transport.
 */
export type MailStatus = 'queued' | 'sending' | 'sent' | 'dead' | 'held';

export const mailStatuses = ['queued', 'sending', 'sent', 'dead', 'held'] as const satisfies MailStatus[];

/** Times are whole milliseconds since the epoch. */
export type MailTable = {
  id: string;
  /** The Message-ID header with its angle brackets: the same on every attempt. */
  message_id: string;
  idempotency_key: string | null;
  payload_hash: string;
  from_address: string;
  from_name: string | null;
  subject: string | null;
  contents: string;
  status: MailStatus;
  attempts: number;
  /** Claims since the last outcome: each is a process that died, or lost the storage, with this mail in hand. */
  unfinished: number;
  accepted_at: number;
  /** When delivery could first be tried: accepted_at, or the release of a held mail. */
  queued_at: number;
  next_attempt_at: number;
  lease_token: string | null;
  lease_until: number | null;
  sent_at: number | null;
  /** A classification for the operator, without contents or addresses; never shown to a caller. */
  last_error: string | null;
  /** The trace that the mail was accepted in, which its delivery goes on with. */
  traceparent: string | null;
};

export type InboxTable = {
  mail_id: string;
  received_at: number;
  /** The whole message as an SMTP server would have got it, with CRLF line ends. */
  raw: string;
};

export type MailTables = { mail: MailTable; inbox: InboxTable };
export type MailRow = Selectable<MailTable>;
export type Queries = Kysely<MailTables>;

/** The tables of the mails, whichever engine keeps them. */
export type MailDatabase = {
  engine: 'sqlite' | 'postgres';
  queries: Queries;
  /** The moment, as the storage has it: instances need not agree on the time. */
  now: () => RawBuilder<number>;
  /**
   * Runs statements that change something. On PostgreSQL they become durable together, by a COMMIT that is not sent
   * once an answer was late. On SQLite each does by itself, so that no lock is held while this process does something
   * else: what comes first must do no harm without what follows.
   */
  write<T>(statements: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};
