import { once } from 'node:events';
import { existsSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { createLogger } from '#server/observability/log.ts';
import { SqliteThread } from '#server/storage/sqlite-driver.ts';
import { monotonicTime, transactionStatements } from '#server/storage/sqlite-thread.ts';
import { tempDir } from '#tests/mail/support.ts';

/** Creates a thread for a file, which is a folder at first if it must fail. */
function testThread(file = join(tempDir(), 'test.sqlite')) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const thread = new SqliteThread(file, log);
  onTestFinished(() => thread.close());
  return { thread, lines, file };
}

/** Creates a thread with a table, and a function that locks the file as another process would. */
async function threadWithTable() {
  const { thread, file } = testThread();
  await thread.execute('create table numbers (n integer) strict');
  const other = new Sqlite(file);
  onTestFinished(() => void other.close());
  return {
    thread,
    file,
    insert: (n: number, options?: { timeout: number }) =>
      thread.execute('insert into numbers values (?)', [n], options),
    stored: () => other.prepare('select n from numbers order by n').pluck().all(),
    lock: () => void other.exec('begin immediate'),
    unlock: () => void other.exec('rollback'),
  };
}

const unopenable = { name: 'SqliteThreadError', code: 'SQLITE_CANTOPEN' };

describe('a thread that fails when it opens its file', () => {
  test('while it is closed is closed, and logged', async () => {
    const { thread, lines } = testThread(tempDir());
    const statement = expect(thread.execute('select 1')).rejects.toMatchObject(unopenable);
    await thread.close();
    await statement;
    expect(lines).toEqual([expect.stringContaining('the database thread failed while closing')]);
  });

  test('can be closed afterwards', async () => {
    const { thread, lines } = testThread(tempDir());
    await expect(thread.execute('select 1')).rejects.toMatchObject(unopenable);
    await thread.close();
    expect(lines).toEqual([]);
  });

  test('starts again with the next statement, which the end of the first thread does not affect', async () => {
    const { thread, file } = testThread(tempDir());
    await expect(thread.execute('select 1')).rejects.toMatchObject(unopenable);
    rmdirSync(file);
    expect(await thread.execute('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] });
  });
});

test('statements that were sent before the close are executed', async () => {
  const { thread, insert, stored } = await threadWithTable();
  const inserted = Promise.all([insert(1), insert(2)]);
  await thread.close();
  await inserted;
  expect(stored()).toEqual([1, 2]);
});

test('the clock of the time limits counts milliseconds, the same in all threads', () => {
  const difference = monotonicTime() - Number(process.hrtime.bigint()) / 1e6;
  expect(Math.abs(difference)).toBeLessThan(1_000);
});

test('a statement during the close starts one new thread, which the end of the first does not affect', async () => {
  const { thread, file } = testThread();
  await thread.execute('create table numbers (n integer) strict');
  const closed = thread.close();
  await thread.execute('insert into numbers values (1)');
  await closed;
  expect(await thread.execute('select n from numbers')).toMatchObject({ rows: [{ n: 1 }] });
  await thread.close();
  // SQLite deletes it with the last connection, so no other thread has the file open.
  expect(existsSync(`${file}-wal`)).toBe(false);
});

describe('a statement', () => {
  test('returns its rows, or the number of rows that it has changed', async () => {
    const { thread, insert } = await threadWithTable();
    expect(await insert(1)).toEqual({ id: expect.any(Number), rows: [], changes: 1 });
    await insert(2);
    expect(await thread.execute('select n from numbers where n > ?', [1])).toMatchObject({
      rows: [{ n: 2 }],
    });
    expect(await thread.execute('delete from numbers')).toMatchObject({ changes: 2 });
  });

  test('that SQLite rejects fails with its code', async () => {
    const { thread } = await threadWithTable();
    const wrongType = thread.execute("insert into numbers values ('text')");
    await expect(wrongType).rejects.toMatchObject({
      name: 'SqliteThreadError',
      code: 'SQLITE_CONSTRAINT_DATATYPE',
    });
    await expect(thread.execute('no sql')).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
    await expect(thread.execute('select ?')).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
  });

  test('that waits too long for the lock of another process is never executed', async () => {
    const { insert, lock, unlock, stored } = await threadWithTable();
    lock();
    await expect(insert(1, { timeout: 50 })).rejects.toMatchObject({ code: 'SQLITE_BUSY_TIMEOUT' });
    const patient = insert(2, { timeout: 10_000 });
    unlock();
    await patient;
    expect(stored()).toEqual([2]);
  });

  test('is on the disk when it returns, and references between tables are checked', async () => {
    const { thread } = testThread();
    const read = async (pragma: string) => (await thread.execute(`pragma ${pragma}`)).rows;
    expect(await read('synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await read('journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await read('foreign_keys')).toEqual([{ foreign_keys: 1 }]);
  });
});

test('a statement that begins a transaction itself waits for the lock of another process, up to its time limit', async () => {
  const { thread, insert, lock, unlock, stored } = await threadWithTable();
  const begin = (timeout: number) => thread.execute('begin immediate', [], { alone: true, timeout });
  lock();
  await expect(begin(50)).rejects.toMatchObject({ code: 'SQLITE_BUSY_TIMEOUT' });
  const begun = begin(10_000);
  unlock();
  await begun;
  await insert(1);
  await thread.execute('rollback', [], { alone: true });
  expect(stored()).toEqual([]);
});

test('a statement whose time limit has passed before it reaches the thread is not executed', async () => {
  const { thread, stored } = await threadWithTable();
  const late = thread.execute('insert into numbers values (1)', [], { alone: true, timeout: 0 });
  await expect(late).rejects.toMatchObject({ code: 'SQLITE_BUSY_TIMEOUT' });
  expect(stored()).toEqual([]);
});

describe('a file', () => {
  test('that was removed takes no more statements', async () => {
    const { insert, file } = await threadWithTable();
    rmSync(file);
    await expect(insert(1)).rejects.toMatchObject({ code: 'SQLITE_MISSING' });
  });

  test('that was replaced takes no more statements', async () => {
    const { insert, file } = await threadWithTable();
    new Sqlite(`${file}.new`).close();
    renameSync(`${file}.new`, file);
    await expect(insert(1)).rejects.toMatchObject({ code: 'SQLITE_REPLACED' });
  });

  test('that another process has locked is opened once the lock ends', async () => {
    const { thread, file } = testThread();
    const other = new Sqlite(file);
    onTestFinished(() => void other.close());
    other.exec('begin exclusive');
    const opened = thread.execute('select 1 as one');
    await delay(1_000);
    other.exec('rollback');
    expect(await opened).toMatchObject({ rows: [{ one: 1 }] });
  });

  test('that another process keeps locked fails to open after the time limit', async () => {
    const sqliteFile = join(tempDir(), 'test.sqlite');
    const other = new Sqlite(sqliteFile);
    onTestFinished(() => void other.close());
    other.exec('begin exclusive');
    const worker = new Worker('./server/storage/sqlite-thread.ts', {
      execArgv: [],
      workerData: { sqliteFile, openTimeout: 50, transactionTimeout: 50 },
    });
    expect(await once(worker, 'error')).toMatchObject([{ code: 'SQLITE_BUSY' }]);
  });
});

describe('statements that share a transaction', () => {
  /** Sends statements while the file is locked, so that they share a transaction. Returns their outcomes. */
  async function runTogether(statements: readonly string[]) {
    const { thread, lock, unlock, stored, insert } = await threadWithTable();
    await thread.execute('create table keys (id integer primary key, parent integer) strict');
    await thread.execute(
      'create table children (parent integer references keys (id) deferrable initially deferred) strict',
    );
    lock();
    const settled = Promise.allSettled(statements.map((sql) => thread.execute(sql)));
    // The thread has all of them before it can begin.
    await delay(20);
    unlock();
    const outcomes = (await settled).map((each) =>
      each.status === 'fulfilled' ? each.value.changes : each.reason.code,
    );
    return { outcomes, stored, insert };
  }

  test('fail alone if they violate a constraint', async () => {
    const { outcomes, stored } = await runTogether([
      'insert into numbers values (1)',
      "insert into numbers values ('text')",
      'insert into numbers values (3)',
    ]);
    expect(outcomes).toEqual([1, 'SQLITE_CONSTRAINT_DATATYPE', 1]);
    expect(stored()).toEqual([1, 3]);
  });

  test('all fail if SQLite ends the transaction, and none of them is stored', async () => {
    const { outcomes, stored } = await runTogether([
      'insert into numbers values (1)',
      'insert or rollback into keys (id) values (1), (1)',
      'insert into numbers values (3)',
    ]);
    expect(outcomes).toEqual(Array(3).fill('SQLITE_CONSTRAINT_PRIMARYKEY'));
    expect(stored()).toEqual([]);
  });

  test('all fail if the commit fails, and the next statement is stored', async () => {
    const { outcomes, stored, insert } = await runTogether([
      'insert into numbers values (1)',
      'insert into children values (7)',
    ]);
    expect(outcomes).toEqual(Array(2).fill('SQLITE_CONSTRAINT_FOREIGNKEY'));
    await insert(2);
    expect(stored()).toEqual([2]);
  });
});

describe('many statements', () => {
  test('that wait for a lock are all executed, more than fit into one transaction, and in their order', async () => {
    const { insert, lock, unlock, stored, thread } = await threadWithTable();
    lock();
    const numbers = Array.from({ length: 250 }, (_, n) => n);
    const inserted = Promise.all(numbers.map((n) => insert(n, { timeout: 10_000 })));
    // The reads do not wait.
    expect(await thread.execute('select count(*) as count from numbers')).toMatchObject({
      rows: [{ count: 0 }],
    });
    unlock();
    await inserted;
    expect(stored()).toEqual(numbers);
    const { rows } = await thread.execute('select n from numbers order by rowid');
    expect(rows).toEqual(numbers.map((n) => ({ n })));
  });

  test('up to the limit wait, and further ones are rejected at once', async () => {
    const { insert, lock, unlock, stored } = await threadWithTable();
    lock();
    const waiting = Array.from({ length: limits.sqlite.queue }, (_, n) => insert(n, { timeout: 20_000 }));
    await expect(insert(-1)).rejects.toMatchObject({ code: 'SQLITE_QUEUE_FULL' });
    unlock();
    await Promise.all(waiting);
    await insert(-2);
    expect(stored()).toHaveLength(limits.sqlite.queue + 1);
  });

  test('with different texts are executed, more than are kept prepared', async () => {
    const { thread } = testThread();
    const numbers = Array.from({ length: 250 }, (_, n) => n);
    const results = await Promise.all(numbers.map((n) => thread.execute(`select ${n} as n`)));
    expect(results.flatMap(({ rows }) => rows)).toEqual(numbers.map((n) => ({ n })));
  });
});

describe('a disk that hangs', () => {
  afterEach(() => void vi.useRealTimers());

  test('fails a statement after its time limit and some more, and its late response is ignored', async () => {
    const { thread, insert, lock, unlock, stored } = await threadWithTable();
    // The thread has a clock of its own: it goes on waiting for the lock.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    lock();
    let reason: unknown;
    const hanging = insert(1, { timeout: 60_000 }).catch((error: unknown) => {
      reason = error;
    });
    await vi.advanceTimersByTimeAsync(60_000 + limits.sqlite.hangTimeout - 1);
    expect(reason).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await hanging;
    expect(reason).toMatchObject({ code: 'SQLITE_HANGS' });
    unlock();
    await thread.execute('insert into numbers values (2)');
    expect(stored()).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a transaction', () => {
  const begin = (thread: SqliteThread, transaction: number) =>
    thread.execute(transactionStatements.begin, [], { transaction });

  test('that takes too long is rolled back, and its statements fail', async () => {
    const { thread, file } = testThread();
    thread.transactionTimeout = 20;
    await thread.execute('create table numbers (n integer) strict');
    await begin(thread, 1);
    await thread.execute('insert into numbers values (1)', [], { transaction: 1 });
    // It waits until the lock is free.
    await thread.execute('insert into numbers values (2)');
    for (const sql of ['insert into numbers values (3)', transactionStatements.commit])
      await expect(thread.execute(sql, [], { transaction: 1 })).rejects.toMatchObject({
        code: 'SQLITE_BUSY_TIMEOUT',
      });
    await thread.execute(transactionStatements.rollback, [], { transaction: 1 });
    expect((await thread.execute('select n from numbers')).rows).toEqual([{ n: 2 }]);
    expect(existsSync(file)).toBe(true);
  });

  test('waits for the open one, and for the lock of another process', async () => {
    const { thread, lock, unlock, stored } = await threadWithTable();
    lock();
    const first = begin(thread, 1);
    const second = begin(thread, 2);
    unlock();
    await first;
    await thread.execute('insert into numbers values (1)', [], { transaction: 1 });
    expect(stored()).toEqual([]);
    await thread.execute(transactionStatements.commit, [], { transaction: 1 });
    await second;
    await thread.execute('insert into numbers values (2)', [], { transaction: 2 });
    await thread.execute(transactionStatements.commit, [], { transaction: 2 });
    expect(stored()).toEqual([1, 2]);
  });

  test('that is open during the close is rolled back', async () => {
    const { thread, stored } = await threadWithTable();
    await begin(thread, 1);
    await thread.execute('insert into numbers values (1)', [], { transaction: 1 });
    const next = expect(begin(thread, 2)).rejects.toMatchObject({ code: 'SQLITE_THREAD_ENDED' });
    await thread.close();
    await next;
    expect(stored()).toEqual([]);
  });

  test('is not committed to a file that was replaced', async () => {
    const { thread, file } = await threadWithTable();
    await begin(thread, 1);
    renameSync(file, `${file}.away`);
    await expect(thread.execute(transactionStatements.commit, [], { transaction: 1 })).rejects.toMatchObject({
      code: 'SQLITE_MISSING',
    });
  });
});
