import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { MailDatabase, MailTables, Queries } from './database.ts';
import { migrationProvider } from './migrations.ts';

/** Milliseconds that a write waits for another process's write. better-sqlite3 blocks this process meanwhile. */
const busyTimeout = 2_000;

/**
 * Opens `<dataDir>/typed-bff.sqlite`, creating the folder if needed, and migrates the tables. A COMMIT is on disk when
 * it returns (synchronous=FULL).
 *
 * @param clock milliseconds since the epoch
 * @throws the driver's error; the caller maps it
 */
export async function openSqlite(dataDir: string, clock: () => number = Date.now): Promise<MailDatabase> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const sqlite = new Sqlite(join(dataDir, 'typed-bff.sqlite'), { timeout: 0 });
  try {
    await retryWhileBusy(() => sqlite.pragma('journal_mode = WAL'));
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
 * Runs all migrations in one transaction. Kysely itself takes no lock and opens no transaction on SQLite: two processes
 * could migrate at the same time, and a crash would leave half-migrated tables on which the next start fails.
 */
async function migrate(queries: Queries, sqlite: Sqlite.Database): Promise<void> {
  const migrator = new Migrator({ db: queries, provider: migrationProvider('sqlite') });
  const known = await retryWhileBusy(() => migrator.getMigrations());
  if (known.every(({ executedAt }) => executedAt)) return;
  await retryWhileBusy(() => sqlite.exec('begin immediate'));
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  sqlite.exec('commit');
}

/** Retries while another connection holds the database. Does not block: that connection may belong to this process. */
async function retryWhileBusy<T>(operation: () => T | Promise<T>): Promise<T> {
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
