import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { openStorage, tempDir } from '#tests/mail/support.ts';

const log = createLogger({ level: 'silent' });

function openFile(folder: string): Sqlite.Database {
  const file = new Sqlite(join(folder, 'typed-bff.sqlite'));
  onTestFinished(() => void file.close());
  return file;
}

test('a file whose tables cannot be migrated is closed and unchanged', async () => {
  const folder = tempDir();
  const before = openFile(folder);
  before.exec('create table inbox (id text)');
  before.close();
  await expect(openSqlite(folder, log)).rejects.toThrow('already exists');
  expect(existsSync(join(folder, 'typed-bff.sqlite-wal'))).toBe(false);
  expect(openFile(folder).prepare("select name from sqlite_master where type = 'table'").all()).toEqual([
    { name: 'inbox' },
  ]);
});

test('a file that needs no migration is opened while another process writes', async () => {
  const DATA_DIR = tempDir();
  await (await openStorage({ DATA_DIR })).close();
  const other = openFile(DATA_DIR);
  other.exec('begin immediate');
  const db = await openStorage({ DATA_DIR });
  expect(await db.queries.selectFrom('mail').selectAll().execute()).toEqual([]);
});

test('a transaction over several statements is rejected: statements of other callers would run in it', async () => {
  const { queries } = await openStorage({ DATA_DIR: tempDir() });
  const transaction = queries.transaction().execute(async () => undefined);
  await expect(transaction).rejects.toThrow('no transactions');
  await expect(queries.selectFrom('mail').selectAll().stream().next()).rejects.toThrow('does not stream');
});
