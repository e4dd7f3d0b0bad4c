import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { createLogger } from '#server/observability/log.ts';
import { type Database, emptyUpdate } from '#server/storage/database.ts';
import { createLazyDatabase, type LazyDatabase } from '#server/storage/lazy-database.ts';
import { tempDir } from '#tests/mail/support.ts';

const { recheckInterval, openTimeout } = limits.database;

/** Creates a database in a folder. */
function testDatabase(DATA_DIR: string) {
  const lines: unknown[] = [];
  const database = createLazyDatabase({
    env: { DATA_DIR, DATABASE_URL: undefined },
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
  });
  onTestFinished(() => database.close());
  return { database, lines };
}

/** A write that changes nothing. */
const write = (db: Database) => db.write((queries) => sql.raw(emptyUpdate).execute(queries));

const fileIn = (folder: string) => join(folder, 'typed-bff.sqlite');

/** Opens the file of a database, as another process would. */
function openFile(folder: string): Sqlite.Database {
  const file = new Sqlite(fileIn(folder));
  onTestFinished(() => void file.close());
  return file;
}

/** SQLite deletes this file when the last connection is closed. */
const isOpen = (folder: string) => existsSync(`${fileIn(folder)}-wal`);

test('calls at the same time open the database once', async () => {
  const { database } = testDatabase(tempDir());
  const [one, two] = await Promise.all([database.open(), database.open()]);
  expect(one).toBe(two);
});

test('a closed database is closed, and the next use opens it again', async () => {
  const folder = tempDir();
  const { database } = testDatabase(folder);
  await write(await database.open());
  expect(isOpen(folder)).toBe(true);
  await database.close();
  expect(isOpen(folder)).toBe(false);
  await write(await database.open());
  expect(isOpen(folder)).toBe(true);
});

test.each([
  ['an error of its own', async () => Promise.reject(new Error('changed its mind'))],
  [
    'a violated constraint',
    (queries: Database['queries']) =>
      sql`insert into write_probe (id, filler) values (1, ''), (1, '')`.execute(queries),
  ],
])('a transaction that ends with %s is no failure of the database', async (_, statements) => {
  const { database, lines } = testDatabase(tempDir());
  const db = await database.open();
  await expect(db.transaction(statements)).rejects.toThrow();
  expect([database.lastState(), lines]).toEqual(['ok', []]);
});

test('a transaction that cannot be written is a failure of the database', async () => {
  const folder = tempDir();
  const { database } = testDatabase(folder);
  const db = await database.open();
  rmSync(fileIn(folder));
  await expect(db.transaction(async () => undefined)).rejects.toMatchObject({ code: 'SQLITE_MISSING' });
  expect(database.lastState()).toBe('missing');
});

describe('a database that failed', () => {
  afterEach(() => void vi.useRealTimers());

  /** A folder that cannot be created, because a file has its place. */
  function blockedFolder() {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    return { folder: join(file, 'data'), unblock: () => rmSync(file) };
  }

  /** Only the interval of the checks is faked, so that the database itself works. */
  const fakeInterval = () => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });

  async function untilState(
    database: LazyDatabase,
    state: ReturnType<LazyDatabase['lastState']>,
  ): Promise<void> {
    while (database.lastState() !== state) await delay(5);
  }

  test('is logged once, checked again and again, and its recovery is noticed without any use', async () => {
    fakeInterval();
    const { folder, unblock } = blockedFolder();
    const { database, lines } = testDatabase(folder);
    expect(database.lastState()).toBe('ok');
    await expect(database.open()).rejects.toThrow();
    await expect(database.open()).rejects.toThrow();
    expect(database.lastState()).toBe('missing');
    const failed = { level: 'error', msg: 'the database cannot be written', fault: 'missing' };
    expect(lines).toMatchObject([failed]);

    unblock();
    vi.advanceTimersByTime(recheckInterval);
    await untilState(database, 'ok');
    expect(lines).toMatchObject([failed, { level: 'info', msg: 'the database can be written again' }]);
    // Nothing is checked any more.
    expect(vi.getTimerCount()).toBe(0);
  });

  test('for another reason is logged again', async () => {
    const { folder, unblock } = blockedFolder();
    const { database, lines } = testDatabase(folder);
    expect(await database.check()).toBe('missing');
    unblock();
    mkdirSync(folder, { recursive: true });
    writeFileSync(fileIn(folder), 'not a database, but long enough to look at '.repeat(20));
    await expect(database.open()).rejects.toThrow();
    expect(lines).toMatchObject([{ fault: 'missing' }, { fault: 'disk_error' }]);
  });

  test('must store as much as the largest mail before it counts as recovered; a healthy one stores nothing', async () => {
    const { folder, unblock } = blockedFolder();
    const { database } = testDatabase(folder);
    await expect(database.open()).rejects.toThrow();
    unblock();
    expect(await database.check()).toBe('ok');
    const probes = openFile(folder).prepare('select id, length(filler) as length from write_probe').all();
    expect(probes).toEqual([{ id: 1, length: 4 * limits.mail.contentsLength }]);

    const healthy = tempDir();
    const { database: other, lines } = testDatabase(healthy);
    expect(await other.check()).toBe('ok');
    expect(openFile(healthy).prepare('select * from write_probe').all()).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('because another process locked it is noticed by a check, and stays open', async () => {
    const folder = tempDir();
    const { database } = testDatabase(folder);
    const db = await database.open();
    openFile(folder).exec('begin immediate');
    expect(await database.check()).toBe('locked');
    expect(await database.open()).toBe(db);
  });

  test('because its file was replaced is opened again by the next use', async () => {
    const folder = tempDir();
    const { database } = testDatabase(folder);
    const db = await database.open();
    const file = fileIn(folder);
    new Sqlite(`${file}.new`).close();
    rmSync(`${file}-wal`);
    rmSync(`${file}-shm`);
    renameSync(`${file}.new`, file);
    await expect(write(db)).rejects.toThrow();
    expect(database.lastState()).toBe('replaced');
    await write(await database.open());
    expect(await database.check()).toBe('ok');
  });

  test('to open before it was closed does not affect the next use', async () => {
    const { folder, unblock } = blockedFolder();
    const { database } = testDatabase(folder);
    const failing = database.open();
    const closed = database.close();
    unblock();
    const opened = database.open();
    await expect(failing).rejects.toThrow();
    await closed;
    expect(await database.open()).toBe(await opened);
  });

  test('is not checked any more once it is closed', async () => {
    fakeInterval();
    const { database } = testDatabase(blockedFolder().folder);
    await expect(database.open()).rejects.toThrow();
    expect(vi.getTimerCount()).toBe(1);
    await database.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('because it was closed is not opened again by a check', async () => {
    fakeInterval();
    const folder = tempDir();
    const { database } = testDatabase(folder);
    const db = await database.open();
    const other = openFile(folder);
    other.exec('begin immediate');
    const interrupted = expect(write(db)).rejects.toThrow();
    await database.close();
    await interrupted;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not one that refused a change', async () => {
    const { database, lines } = testDatabase(tempDir());
    const db = await database.open();
    const refused = db.write(() => Promise.reject(new AppError('idempotency_conflict')));
    await expect(refused).rejects.toMatchObject({ reason: 'idempotency_conflict' });
    expect(database.lastState()).toBe('ok');
    expect(lines).toEqual([]);
  });
});

test('a database that takes long to open is waited for up to the limit, and opens in the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = tempDir();
  const other = openFile(folder);
  other.exec('begin exclusive');
  const { database } = testDatabase(folder);
  let reason: unknown;
  const opening = database.open().catch((error: unknown) => {
    reason = error;
  });
  await vi.advanceTimersByTimeAsync(openTimeout - 1);
  expect(reason).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  await opening;
  expect(reason).toMatchObject({ code: 'STORAGE_OPENING' });
  expect(database.lastState()).toBe('opening');
  other.exec('rollback');
  await write(await database.open());
  expect(await database.check()).toBe('ok');
});
