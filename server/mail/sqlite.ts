import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { MailDatabase, MailTables, Queries } from './database.ts';
import { migrationProvider } from './migrations.ts';

/** How long a write waits for another process's. better-sqlite3 blocks this process meanwhile. Milliseconds. */
const busyTimeout = 2_000;

/**
 * Opens `<dataDir>/typed-bff.sqlite`, makes the folder and brings the tables up to date. A COMMIT is on the
 * disk when it returns (synchronous=FULL).
 *
 * @param clock milliseconds since the epoch
 * @throws the storage's own error; the caller names it
 */
export async function openSqlite(dataDir: string, clock: () => number = Date.now): Promise<MailDatabase> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const sqlite = new Sqlite(join(dataDir, 'typed-bff.sqlite'), { timeout: 0 });
  try {
    await whenFree(() => sqlite.pragma('journal_mode = WAL'));
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    const queries = new Kysely<MailTables>({ dialect: new SqliteDialect({ database: sqlite }) });
    await migrate(queries, sqlite);
    sqlite.pragma(`busy_timeout = ${busyTimeout}`);
    return {
      engine: 'sqlite',
      queries,
      now: () => sql.val(Math.round(clock())),
      write: (statements) => statements(queries),
      close: () => queries.destroy(),
    };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/**
 * Kysely takes no lock and opens no transaction on SQLite: two processes would migrate at once, and a crash in
 * between would leave tables that the next start trips over. So the whole run stands in one transaction.
 */
async function migrate(queries: Queries, sqlite: Sqlite.Database): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: migrationProvider('sqlite') });
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
