import { chmodSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { limits } from '../config/limits.ts';
import { productName } from '../config/product-name.ts';
import { makeFolder } from '../lib/make-folder.ts';
import type { Logger } from '../observability/log.ts';
import { type Database, emptyUpdate, type Queries } from './database.ts';
import { isMigrated, migrateToLatest, migratorsOf } from './migrations.ts';
import { SqliteThread, sqliteThreadDialect } from './sqlite-driver.ts';
import type { Tables } from './tables.ts';
import { runTransaction } from './transaction.ts';

/** Returns the path of the database file in a folder. */
export const sqliteFileOf = (dataDir: string): string => join(dataDir, `${productName}.sqlite`);

/**
 * Opens the database file in a thread of its own, creating the folder if needed, and migrates the tables.
 *
 * @param clock milliseconds since the epoch
 * @throws the driver's error; the caller maps it
 */
export async function openSqlite(
  dataDir: string,
  log: Logger,
  clock: () => number = Date.now,
): Promise<Database> {
  makeFolder(dataDir, 0o700);
  const file = sqliteFileOf(dataDir);
  makePrivate(file);
  const thread = new SqliteThread(file, log);
  const queries = new Kysely<Tables>({ dialect: sqliteThreadDialect(thread) });
  try {
    await migrate(queries, thread);
    thread.timeout = limits.sqlite.statementTimeout;
    return {
      engine: 'sqlite',
      queries,
      now: () => sql.val(Math.round(clock())),
      write: (statements) => statements(queries),
      transaction: (statements) => runTransaction(queries, statements),
      async check() {
        await thread.execute(emptyUpdate, [], { timeout: limits.sqlite.checkTimeout });
      },
      close: () => queries.destroy(),
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

/**
 * Creates the database file if needed, and makes it and its companions readable only for their owner, whatever the
 * umask: they contain mails. SQLite creates the companions with the mode of the database file.
 */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      chmodSync(path, 0o600);
    } catch {
      // The companion does not exist, or the file belongs to another user, who decides.
    }
  }
}

/**
 * Runs all migrations in one transaction. Kysely itself takes no lock and opens no transaction on SQLite: two processes
 * could migrate at the same time, and a crash would leave half-migrated tables on which the next start fails.
 */
async function migrate(queries: Queries, thread: SqliteThread): Promise<void> {
  const migrators = migratorsOf(queries, 'sqlite');
  if (await isMigrated(migrators)) return;
  await thread.execute('begin immediate', [], { alone: true });
  thread.timeout = limits.database.migrationTimeout;
  await migrateToLatest(migrators);
  await thread.execute('commit', [], { alone: true });
}
