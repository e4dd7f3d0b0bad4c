import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { Kysely, type Selectable, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrationProvider } from './migrations.ts';

/**
 * queued: waits for its next attempt; sending: claimed by a dispatcher until its lease ends; sent: the
 * transport took it; dead: given up; held: accepted while there was no transport.
 */
export type MailStatus = 'queued' | 'sending' | 'sent' | 'dead' | 'held';

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
  accepted_at: number;
  /** When delivery could first be tried: accepted_at, or the release of a held mail. */
  queued_at: number;
  next_attempt_at: number;
  lease_token: string | null;
  lease_until: number | null;
  sent_at: number | null;
  /** A classification for the operator, without contents or addresses; never shown to a caller. */
  last_error: string | null;
};

export type InboxTable = {
  mail_id: string;
  received_at: number;
  /** The whole message as an SMTP server would have got it, with CRLF line ends. */
  raw: string;
};

export type MailTables = { mail: MailTable; inbox: InboxTable };
export type MailDatabase = Kysely<MailTables>;
export type MailRow = Selectable<MailTable>;

/** How long a write waits for another process's. better-sqlite3 blocks this process meanwhile. Milliseconds. */
const busyTimeout = 2_000;

/**
 * Opens `<dataDir>/typed-bff.sqlite`, makes the folder and brings the tables up to date. A COMMIT is on the
 * disk when it returns (synchronous=FULL).
 *
 * @throws the storage's own error; the caller names it
 */
export async function openDatabase(dataDir: string): Promise<MailDatabase> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const sqlite = new Sqlite(join(dataDir, 'typed-bff.sqlite'), { timeout: 0 });
  try {
    await whenFree(() => sqlite.pragma('journal_mode = WAL'));
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    const db = new Kysely<MailTables>({ dialect: new SqliteDialect({ database: sqlite }) });
    await migrate(db, sqlite);
    sqlite.pragma(`busy_timeout = ${busyTimeout}`);
    return db;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/**
 * Kysely takes no lock and opens no transaction on SQLite: two processes would migrate at once, and a crash in
 * between would leave tables that the next start trips over. So the whole run stands in one transaction.
 */
async function migrate(db: MailDatabase, sqlite: Sqlite.Database): Promise<void> {
  const migrator = new Migrator({ db, provider: migrationProvider });
  const known = await whenFree(() => migrator.getMigrations());
  if (known.every(({ executedAt }) => executedAt)) return;
  await whenFree(() => sqlite.exec('begin immediate'));
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  sqlite.exec('commit');
}

/** Retries while another connection holds the database, without blocking: the other may be of this process. */
async function whenFree<T>(operation: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + busyTimeout;
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const busy = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!busy || performance.now() >= deadline) throw error;
      await setTimeout(10);
    }
  }
}
