import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { beforeEach, expect, test } from 'vitest';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { restoreSqlite } from '#server/storage/restore-sqlite.ts';
import { addresses, draft } from '#tests/mail/support.ts';
import { openStorage, tempDir } from '#tests/support/databases.ts';

let DATA_DIR: string;
let backup: string;
let backedUp: string;

async function withOutbox<T>(dataDir: string, use: (outbox: Outbox) => Promise<T>): Promise<T> {
  const db = await openStorage({ DATA_DIR: dataDir });
  try {
    return await use(createOutbox(db, { siteUrl: addresses.siteUrl }));
  } finally {
    await db.close();
  }
}

const enqueueIn = (dataDir: string) =>
  withOutbox(dataDir, async (outbox) => (await outbox.enqueue(draft)).id);
const subjectIn = (dataDir: string, id: string) =>
  withOutbox(dataDir, async (outbox) => (await outbox.get(id))?.subject);
const restore = (force = false) => restoreSqlite({ backup, dataDir: DATA_DIR, force });

beforeEach(async () => {
  const source = tempDir();
  backedUp = await enqueueIn(source);
  backup = join(source, 'backup.sqlite');
  const database = new Sqlite(join(source, 'typed-bff.sqlite'));
  await database.backup(backup);
  database.close();
  DATA_DIR = tempDir();
});

test('a backup is restored to a folder without a database, and is itself unchanged', async () => {
  const before = readFileSync(backup);
  expect(await restore()).toEqual({ replaced: undefined });
  expect(readFileSync(backup).equals(before)).toBe(true);
  expect(readdirSync(DATA_DIR)).toEqual(['typed-bff.sqlite']);
  expect(statSync(join(DATA_DIR, 'typed-bff.sqlite')).mode & 0o777).toBe(0o600);
  expect(await subjectIn(DATA_DIR, backedUp)).toBe(draft.subject);
});

test('an existing database is replaced only with --force, and kept under another name with all its mails', async () => {
  const later = await enqueueIn(DATA_DIR);
  await expect(restore()).rejects.toThrow('--force replaces it');
  expect(await subjectIn(DATA_DIR, later)).toBe(draft.subject);

  const { replaced = '' } = await restore(true);
  expect(await subjectIn(DATA_DIR, later)).toBeUndefined();
  expect(await subjectIn(DATA_DIR, backedUp)).toBe(draft.subject);
  const kept = new Sqlite(replaced, { readonly: true });
  expect(kept.prepare('select id from mail').pluck().all()).toEqual([later]);
  kept.close();
});

test('while the product has the database open, nothing is restored, not even with --force', async () => {
  const db = await openStorage({ DATA_DIR });
  await db.queries.selectFrom('mail').select('id').execute();
  await expect(restore(true)).rejects.toThrow('Stop the product first');
  await db.close();
  expect(await restore(true)).toMatchObject({ replaced: expect.any(String) });
});

test('a damaged database is replaced', async () => {
  writeFileSync(join(DATA_DIR, 'typed-bff.sqlite'), 'no database');
  const { replaced = '' } = await restore(true);
  expect(readFileSync(replaced, 'utf8')).toBe('no database');
  expect(await subjectIn(DATA_DIR, backedUp)).toBe(draft.subject);
});

/** Changes the backup with SQL. */
function changeBackup(sql: string): void {
  const database = new Sqlite(backup);
  database.exec(sql);
  database.close();
}

test.each([
  {
    what: 'that is no database',
    damage: () => writeFileSync(backup, 'x'.repeat(8_192)),
    message: 'cannot be read as a database',
  },
  {
    what: 'with a damaged page',
    damage: () => {
      const bytes = readFileSync(backup);
      writeFileSync(backup, bytes.fill(0xff, 4_096 * 2, 4_096 * 4));
    },
    message: /damaged|cannot be read/,
  },
  {
    what: 'of another program',
    damage: () => changeBackup('drop table kysely_migration'),
    message: 'no database of this product',
  },
  {
    what: 'of a later version',
    damage: () => changeBackup("insert into kysely_migration values ('999-later', '')"),
    message: 'does not know 999-later',
  },
])('a backup $what changes nothing', async ({ damage, message }) => {
  const later = await enqueueIn(DATA_DIR);
  damage();
  await expect(restore(false)).rejects.toThrow(message);
  expect(readdirSync(DATA_DIR)).toEqual(['typed-bff.sqlite']);
  expect(await subjectIn(DATA_DIR, later)).toBe(draft.subject);
});

test('a backup of a later version is restored with --force', async () => {
  changeBackup("insert into kysely_migration values ('999-later', '')");
  await restore(true);
  expect(await subjectIn(DATA_DIR, backedUp)).toBe(draft.subject);
});

test('the command says what it did, and what is wrong', () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'server/bin/restore.ts', ...args], {
      env: { ...process.env, DATA_DIR, ...env },
      encoding: 'utf8',
    });
  expect(run([])).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage: npm run restore') });
  expect(run([backup], { DATABASE_URL: 'postgres://127.0.0.1/product' })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('pg_restore --clean'),
  });
  expect(run([join(DATA_DIR, 'nothing')])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('is not a file'),
  });
  expect(existsSync(join(DATA_DIR, 'typed-bff.sqlite'))).toBe(false);
  expect(run([backup])).toMatchObject({ status: 0, stdout: expect.stringContaining('is restored to') });
  expect(existsSync(join(DATA_DIR, 'typed-bff.sqlite'))).toBe(true);
});
