import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SqliteThread } from '#server/storage/sqlite-driver.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { describeWith } from '#tests/support/skip.ts';
import { draft, eventually, tempDir, testMail } from './support.ts';

const unavailable = { reason: 'mail_unavailable' };

describe('the SQLite file', () => {
  test('that was removed makes the product not ready, and no mail is accepted', async () => {
    const DATA_DIR = tempDir();
    const { mail } = testMail({ DATA_DIR });
    await mail.send(draft);
    expect(await mail.check()).toBe('ok');
    rmSync(DATA_DIR, { recursive: true });
    await expect(mail.send(draft)).rejects.toMatchObject(unavailable);
    await eventually(async () => expect(await mail.check()).toBe('missing'));
  });

  test('that the operator replaced is opened again without a restart', async () => {
    const DATA_DIR = tempDir();
    const { mail } = testMail({ DATA_DIR });
    await mail.send(draft);
    const file = join(DATA_DIR, 'typed-bff.sqlite');
    const backup = new Sqlite(file);
    await backup.backup(`${file}.backup`);
    backup.close();
    const lost = await mail.send(draft);
    rmSync(`${file}-wal`);
    rmSync(`${file}-shm`);
    renameSync(`${file}.backup`, file);
    await expect(mail.send(draft)).rejects.toMatchObject(unavailable);
    await eventually(async () => expect(await mail.check()).toBe('ok'));
    const later = await mail.send(draft);
    expect(await mail.status(later.id)).toMatchObject({ status: 'held' });
    await expect(mail.status(lost.id)).rejects.toMatchObject({ reason: 'not_found' });
    expect((await mail.operations.counts()).held).toBe(2);
  });

  test('that another process has locked blocks neither the event loop nor reads', async () => {
    const DATA_DIR = tempDir();
    const { mail } = testMail({ DATA_DIR });
    const earlier = await mail.send(draft);
    const other = new Sqlite(join(DATA_DIR, 'typed-bff.sqlite'));
    onTestFinished(() => void other.close());
    other.exec('begin immediate');
    let hasFailed = false;
    const waiting = mail.send(draft).catch((error: unknown) => {
      hasFailed = true;
      return error;
    });
    // Without the thread, the mail's wait for the lock would end before this read begins.
    expect(await mail.status(earlier.id)).toMatchObject({ id: earlier.id });
    expect(hasFailed).toBe(false);
    expect(await mail.check()).toBe('locked');
    expect(await waiting).toMatchObject(unavailable);
    other.exec('commit');
    await eventually(async () => expect(await mail.check()).toBe('ok'));
    await mail.send(draft);
    expect((await mail.operations.counts()).held).toBe(2);
  });
});

test('many checks at once cost no more than one', async () => {
  const { mail } = testMail({ DATA_DIR: tempDir() });
  await mail.operations.counts();
  const execute = vi.spyOn(SqliteThread.prototype, 'execute');
  onTestFinished(() => execute.mockRestore());
  const results = new Set(await Promise.all(Array.from({ length: 1_000 }, () => mail.check())));
  expect(results).toEqual(new Set(['ok']));
  expect(execute).toHaveBeenCalledOnce();
});

describeWith('postgres')('PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  test('that became read-only makes the product not ready, and no mail is accepted', async () => {
    const url = await postgres.database();
    const { mail } = testMail({ DATABASE_URL: url });
    await mail.send(draft);
    expect(await mail.check()).toBe('ok');
    const admin = new pg.Client(url);
    await admin.connect();
    onTestFinished(() => admin.end());
    const name = new URL(url).pathname.slice(1);
    await admin.query(`alter database "${name}" set default_transaction_read_only = on`);
    // As a failover does, so that all connections are new.
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
    await delay(100);
    await eventually(async () => expect(await mail.check()).toBe('read_only'));
    await expect(mail.send(draft)).rejects.toMatchObject(unavailable);
  });
});
