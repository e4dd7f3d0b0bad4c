import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { emptyUpdate } from '#server/storage/database.ts';
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

test('a file is readable only for its owner, whatever the umask and the mode of an earlier file', async () => {
  const folder = join(tempDir(), 'data');
  const before = process.umask(0);
  const db = await openStorage({ DATA_DIR: folder }).finally(() => process.umask(before));
  await db.queries.selectFrom('mail').select('id').execute();
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  const file = join(folder, 'typed-bff.sqlite');
  expect([folder, file, `${file}-wal`, `${file}-shm`].map(modeOf)).toEqual([0o700, 0o600, 0o600, 0o600]);
  chmodSync(file, 0o644);
  await openStorage({ DATA_DIR: folder });
  expect(modeOf(file)).toBe(0o600);
});

test('a read does not wait for a write that waits for the lock of another process', async () => {
  const DATA_DIR = tempDir();
  const { queries, write } = await openStorage({ DATA_DIR });
  const other = openFile(DATA_DIR);
  other.exec('begin immediate');
  const waiting = write((db) => sql.raw(emptyUpdate).execute(db));
  expect(await queries.selectFrom('mail').selectAll().execute()).toEqual([]);
  other.exec('rollback');
  await waiting;
});

test('rows are not streamed', async () => {
  const { queries } = await openStorage({ DATA_DIR: tempDir() });
  await expect(queries.selectFrom('mail').selectAll().stream().next()).rejects.toThrow('does not stream');
});
