import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { customMigrations } from '#server/custom/migrations.ts';
import { makeFolder } from '../lib/make-folder.ts';
import { migrationProvider, migrationTables, productMigrations } from './migrations.ts';
import { sqliteFileOf } from './sqlite.ts';

/** The backup cannot be restored. The message says why, and what to do. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}

const namesSchema = z.array(z.string());

/**
 * Replaces the SQLite file of a folder by a backup. The backup is copied and checked first, and put in place by a rename:
 * the folder never has half a database. The replaced file is kept.
 *
 * @param options.force replaces an existing database, and accepts a backup of a later version
 * @returns the path of the file that was replaced, and is kept
 * @throws RestoreError
 */
export async function restoreSqlite(options: {
  backup: string;
  dataDir: string;
  force: boolean;
}): Promise<{ replaced: string | undefined }> {
  const { backup, dataDir, force } = options;
  if (!statSync(backup, { throwIfNoEntry: false })?.isFile()) {
    throw new RestoreError(`${backup} is not a file.`);
  }
  makeFolder(dataDir, 0o700);
  const file = sqliteFileOf(dataDir);
  const copy = `${file}.restoring`;
  try {
    copyFileSync(backup, copy);
    // It contains mails.
    chmodSync(copy, 0o600);
    await checkDatabase(copy, { name: backup, force });
    sync(copy);
    const replaced = existsSync(file) ? moveAway(file, force) : undefined;
    renameSync(copy, file);
    sync(dirname(file));
    return { replaced };
  } finally {
    for (const path of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(path, { force: true });
  }
}

/** Checks the pages of a database, and that this version knows its tables. Leaves no companion file behind. */
async function checkDatabase(file: string, { name, force }: { name: string; force: boolean }): Promise<void> {
  const executed = readExecuted(file, name);
  if (executed.product.length === 0) throw new RestoreError(`${name} is no database of this product.`);
  const known = {
    product: await namesOf(productMigrations),
    custom: await namesOf(customMigrations),
  };
  const unknown = [
    ...executed.product.filter((each) => !known.product.includes(each)),
    ...executed.custom.filter((each) => !known.custom.includes(each)),
  ];
  if (unknown.length === 0 || force) return;
  throw new RestoreError(
    `${name} was written by a later version: this one does not know ${unknown.join(', ')}. Start that version, or restore with --force.`,
  );
}

async function namesOf(migrations: typeof productMigrations): Promise<string[]> {
  return Object.keys(await migrationProvider('sqlite', migrations).getMigrations());
}

/** Returns the names of the migrations that a database has executed. */
function readExecuted(file: string, name: string): { product: string[]; custom: string[] } {
  const database = new Sqlite(file);
  try {
    // A backup has the journal mode of its database, which would create companion files.
    database.pragma('journal_mode = delete');
    const result = database.pragma('integrity_check', { simple: true });
    if (result !== 'ok') throw new RestoreError(`${name} is damaged: ${result}`);
    const namesIn = (table: string) => {
      const exists = database.prepare('select 1 from sqlite_schema where name = ?').get(table);
      return exists ? namesSchema.parse(database.prepare(`select name from ${table}`).pluck().all()) : [];
    };
    return { product: namesIn(migrationTables.product), custom: namesIn(migrationTables.custom) };
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error;
    throw new RestoreError(`${name} cannot be read as a database: ${error.message}`);
  } finally {
    database.close();
  }
}

/** Renames the database of the folder. @returns its new path */
function moveAway(file: string, force: boolean): string {
  mergeLog(file);
  if (!force) {
    throw new RestoreError(`${file} exists already. --force replaces it, and keeps it under another name.`);
  }
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const kept = `${file}.replaced-${time}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${kept}${suffix}`);
  }
  return kept;
}

/**
 * Writes the write-ahead log of a database into its file. SQLite does so only if no other process has opened it.
 *
 * @throws RestoreError if another process has
 */
function mergeLog(file: string): void {
  const database = new Sqlite(file, { timeout: 0 });
  try {
    if (database.pragma('journal_mode = delete', { simple: true }) === 'delete') return;
  } catch (error) {
    if (!(error instanceof Sqlite.SqliteError)) throw error;
    // It is damaged, which may be why the backup is restored.
    if (!error.code.startsWith('SQLITE_BUSY')) return;
  } finally {
    database.close();
  }
  throw new RestoreError(`${file} is in use. Stop the product first.`);
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
