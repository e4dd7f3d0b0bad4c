import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { createLazyStorage, type LazyStorage } from '#server/mail/lazy-storage.ts';
import { createOutbox } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { addresses, draft, openStorage, tempDir } from './support.ts';

const { recheckInterval, openTimeout } = limits.database;
const unavailable = { reason: 'mail_unavailable' };

/** Creates a storage in a folder. `hold` is true without a transport. */
function testLazyStorage(DATA_DIR: string, { hold = true } = {}) {
  const lines: unknown[] = [];
  const storage = createLazyStorage({
    env: { DATA_DIR, DATABASE_URL: undefined, SITE_URL: addresses.siteUrl },
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    timing: mailTiming,
    hold,
  });
  onTestFinished(() => storage.close());
  return { storage, lines };
}

const fileIn = (folder: string) => join(folder, 'typed-bff.sqlite');

/** Opens the file of a storage, as another process would. */
function openFile(folder: string): Sqlite.Database {
  const file = new Sqlite(fileIn(folder));
  onTestFinished(() => void file.close());
  return file;
}

/** SQLite deletes this file when the last connection is closed. */
const isOpen = (folder: string) => existsSync(`${fileIn(folder)}-wal`);

test('calls at the same time open the storage once', async () => {
  const { storage } = testLazyStorage(tempDir());
  const [one, two] = await Promise.all([storage.outbox(), storage.outbox()]);
  expect(one).toBe(two);
});

test('a closed storage is closed, and the next use opens it again', async () => {
  const folder = tempDir();
  const { storage } = testLazyStorage(folder);
  const { id } = await (await storage.outbox()).enqueue(draft);
  expect(isOpen(folder)).toBe(true);
  await storage.close();
  expect(isOpen(folder)).toBe(false);
  expect(await (await storage.outbox()).status(id)).toMatchObject({ status: 'held' });
});

describe('held mails', () => {
  test('are released when a storage with a transport is opened, and their number is logged', async () => {
    const folder = tempDir();
    const held = createOutbox(await openStorage({ DATA_DIR: folder }), { ...addresses, hold: true });
    await held.enqueue(draft);
    await held.enqueue(draft);
    const { storage, lines } = testLazyStorage(folder, { hold: false });
    expect(await (await storage.outbox()).counts()).toMatchObject({ queued: 2, held: 0 });
    expect(lines).toMatchObject([{ msg: 'held mails released', released: 2 }]);
    expect(await testLazyStorage(folder, { hold: false }).storage.outbox()).toBeDefined();
  });

  test('stay held without a transport', async () => {
    const folder = tempDir();
    const held = createOutbox(await openStorage({ DATA_DIR: folder }), { ...addresses, hold: true });
    await held.enqueue(draft);
    const { storage, lines } = testLazyStorage(folder);
    expect(await (await storage.outbox()).counts()).toMatchObject({ queued: 0, held: 1 });
    expect(lines).toEqual([]);
  });

  test('that cannot be released fail the start, which gives its connection back', async () => {
    const folder = tempDir();
    const db = await openStorage({ DATA_DIR: folder });
    await createOutbox(db, { ...addresses, hold: true }).enqueue(draft);
    await db.close();
    const operator = openFile(folder);
    operator.exec("create trigger broken before update on mail begin select raise(abort, 'broken'); end");
    operator.close();

    const { storage, lines } = testLazyStorage(folder, { hold: false });
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    expect(isOpen(folder)).toBe(false);
    expect(storage.lastState()).toBe('failed');
    expect(lines).toMatchObject([{ level: 'error', msg: 'mails cannot be stored', fault: 'failed' }]);
  });
});

describe('a storage that failed', () => {
  afterEach(() => void vi.useRealTimers());

  /** A folder that cannot be created, because a file has its place. */
  function blockedFolder() {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    return { folder: join(file, 'data'), unblock: () => rmSync(file) };
  }

  /** Only the interval of the checks is faked, so that the storage itself works. */
  const fakeInterval = () => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });

  async function untilState(
    storage: LazyStorage,
    state: ReturnType<LazyStorage['lastState']>,
  ): Promise<void> {
    while (storage.lastState() !== state) await delay(5);
  }

  test('is logged once, checked again and again, and its recovery is noticed without any mail', async () => {
    fakeInterval();
    const { folder, unblock } = blockedFolder();
    const { storage, lines } = testLazyStorage(folder);
    expect(storage.lastState()).toBe('ok');
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    expect(storage.lastState()).toBe('missing');
    const failed = { level: 'error', msg: 'mails cannot be stored', fault: 'missing' };
    expect(lines).toMatchObject([failed]);

    unblock();
    vi.advanceTimersByTime(recheckInterval);
    await untilState(storage, 'ok');
    expect(lines).toMatchObject([failed, { level: 'info', msg: 'mails can be stored again' }]);
    // Nothing is checked any more.
    expect(vi.getTimerCount()).toBe(0);
  });

  test('for another reason is logged again', async () => {
    const { folder, unblock } = blockedFolder();
    const { storage, lines } = testLazyStorage(folder);
    expect(await storage.check()).toBe('missing');
    unblock();
    mkdirSync(folder, { recursive: true });
    writeFileSync(fileIn(folder), 'not a database, but long enough to look at '.repeat(20));
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    expect(lines).toMatchObject([{ fault: 'missing' }, { fault: 'disk_error' }]);
  });

  test('must store as much as the largest mail before it counts as recovered; a healthy one stores nothing', async () => {
    const { folder, unblock } = blockedFolder();
    const { storage } = testLazyStorage(folder);
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    unblock();
    expect(await storage.check()).toBe('ok');
    const probes = openFile(folder).prepare('select id, length(filler) as length from write_probe').all();
    expect(probes).toEqual([{ id: 1, length: 4 * limits.mail.contentsLength }]);

    const healthy = tempDir();
    expect(await testLazyStorage(healthy).storage.check()).toBe('ok');
    expect(openFile(healthy).prepare('select * from write_probe').all()).toEqual([]);
  });

  test('is not checked any more once it is closed', async () => {
    fakeInterval();
    const { storage } = testLazyStorage(blockedFolder().folder);
    await expect(storage.outbox()).rejects.toMatchObject(unavailable);
    expect(vi.getTimerCount()).toBe(1);
    await storage.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('because it was closed is not opened again by a check', async () => {
    fakeInterval();
    const folder = tempDir();
    const { storage } = testLazyStorage(folder);
    const outbox = await storage.outbox();
    const other = openFile(folder);
    other.exec('begin immediate');
    const interrupted = expect(outbox.enqueue(draft)).rejects.toMatchObject(unavailable);
    await storage.close();
    await interrupted;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not one that rejected a mail', async () => {
    const { storage, lines } = testLazyStorage(tempDir());
    const outbox = await storage.outbox();
    await outbox.enqueue({ ...draft, idempotencyKey: 'form-1' });
    const other = { ...draft, contents: 'Other', idempotencyKey: 'form-1' };
    await expect(outbox.enqueue(other)).rejects.toMatchObject({ reason: 'idempotency_conflict' });
    expect(storage.lastState()).toBe('ok');
    expect(lines).toEqual([]);
  });
});

test('a storage that takes long to open is waited for up to the limit, and opens in the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = tempDir();
  const other = openFile(folder);
  other.exec('begin exclusive');
  const { storage } = testLazyStorage(folder);
  let reason: unknown;
  const opening = storage.outbox().catch((error: unknown) => {
    reason = error;
  });
  await vi.advanceTimersByTimeAsync(openTimeout - 1);
  expect(reason).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  await opening;
  expect(reason).toMatchObject({ ...unavailable, cause: { code: 'STORAGE_OPENING' } });
  expect(storage.lastState()).toBe('opening');
  other.exec('rollback');
  expect(await (await storage.outbox()).enqueue(draft)).toMatchObject({ status: 'held' });
});
