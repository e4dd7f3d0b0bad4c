/**
 * `npm run backup -- FILE`: copies the SQLite file of DATA_DIR, also while the product writes to it.
 */
import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { ConfigurationError, parseEnv } from '../config/env.ts';
import { sqliteFileOf } from '../storage/sqlite.ts';

async function backup(target: string, dataDir: string): Promise<void> {
  const database = new Sqlite(sqliteFileOf(dataDir), { readonly: true, fileMustExist: true });
  try {
    await database.backup(target);
    // It contains mails.
    await chmod(target, 0o600);
  } finally {
    database.close();
  }
}

const [target, ...rest] = process.argv.slice(2);
try {
  const { DATABASE_URL, DATA_DIR } = parseEnv(process.env);
  if (target === undefined || target === '' || target.startsWith('-') || rest.length > 0) {
    throw new ConfigurationError(
      'Usage: npm run backup -- FILE, for example: npm run backup -- backup.sqlite',
    );
  }
  if (DATABASE_URL !== undefined) {
    throw new ConfigurationError('The data is in DATABASE_URL: back it up with pg_dump.');
  }
  if (existsSync(target)) throw new ConfigurationError(`${resolve(target)} already exists.`);
  await backup(target, DATA_DIR);
  console.log(`The database of ${resolve(DATA_DIR)} is copied to ${resolve(target)}.`);
  const files = join(DATA_DIR, 'files');
  if (existsSync(files)) console.log(`Copy the uploaded files, too: ${resolve(files)}`);
} catch (error) {
  const isExpected = error instanceof ConfigurationError || error instanceof Sqlite.SqliteError;
  if (!isExpected && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof ConfigurationError ? 2 : 1;
}
