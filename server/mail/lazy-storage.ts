import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { isAppError } from '../errors.ts';
import { reuseFor } from '../lib/reuse-for.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Logger } from '../observability/log.ts';
import type { MailDatabase } from './database.ts';
import { openMailDatabase } from './open-database.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { withStorageErrors } from './storage-errors.ts';
import { StorageError, type StorageFault, storageFaultOf } from './storage-fault.ts';
import type { MailTiming } from './timing.ts';
import { probeWrite } from './write-probe.ts';

const { openTimeout, checkFreshFor, recheckInterval } = limits.database;

/**
 * The mail storage, opened on first use. A failed open is retried on the next use. After a failure the storage is checked
 * again and again, so that a recovery is noticed without any mail.
 */
export type LazyStorage = {
  /** @throws AppError mail_unavailable if the storage does not open within `limits.database.openTimeout` */
  outbox(): Promise<Outbox>;
  /** Checks that mails can be stored. Does not throw. */
  check(): Promise<StorageFault | 'ok'>;
  /** Returns the state after the latest write or check, without a check. */
  lastState(): StorageFault | 'ok';
  /** Closes the storage. The next use opens it again. */
  close(): Promise<void>;
};

export type LazyStorageOptions = {
  env: Pick<Env, 'DATABASE_URL' | 'DATA_DIR' | 'SITE_URL'>;
  log: Logger;
  timing: MailTiming;
  /** True when there is no transport. Otherwise mails held by an earlier process are released on opening. */
  hold: boolean;
};

type OpenStorage = { db: MailDatabase; outbox: Outbox };

export function createLazyStorage(options: LazyStorageOptions): LazyStorage {
  const { log } = options;
  let opening: Promise<OpenStorage> | undefined;
  let state: StorageFault | 'ok' = 'ok';
  let recheck: NodeJS.Timeout | undefined;
  let isClosed = false;

  function failed(error: unknown): void {
    const fault = storageFaultOf(error);
    if (state !== fault) log.error({ fault, err: error }, 'mails cannot be stored');
    state = fault;
    // Operations that close() interrupts fail, too. A check would open the storage again.
    if (!isClosed) recheck ??= setInterval(() => void check(), recheckInterval).unref();
    // The operator has put another file in its place: the next use opens that one.
    if (fault === 'replaced') void closeCurrent();
  }

  function recovered(): void {
    if (state !== 'ok') log.info('mails can be stored again');
    state = 'ok';
    stopRechecking();
  }

  function stopRechecking(): void {
    clearInterval(recheck);
    recheck = undefined;
  }

  async function watched<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!isAppError(error)) failed(error);
      throw error;
    }
  }

  async function open({ env, timing, hold }: LazyStorageOptions): Promise<OpenStorage> {
    const opened = await openMailDatabase(env, log);
    const db: MailDatabase = {
      ...opened,
      write: (statements) => watched(() => opened.write(statements)),
    };
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL, hold, timing });
    try {
      const released = hold ? 0 : await outbox.releaseHeld();
      if (released > 0) log.info({ released }, 'held mails released');
    } catch (error) {
      await db.close();
      throw error;
    }
    return { db, outbox };
  }

  function startOpening(): Promise<OpenStorage> {
    const started = open(options);
    started.catch(() => {
      if (opening === started) opening = undefined;
    });
    return started;
  }

  function openStorage(): Promise<OpenStorage> {
    isClosed = false;
    opening ??= startOpening();
    const current = opening;
    return watched(() => withOpenTimeout(current));
  }

  const checkOnce = reuseFor(checkFreshFor, async () => {
    try {
      const { db } = await openStorage();
      await db.check();
      // The cheap check does not notice a full disk.
      if (state !== 'ok') await probeWrite(db);
      recovered();
    } catch (error) {
      failed(error);
    }
  });

  async function check(): Promise<StorageFault | 'ok'> {
    await checkOnce();
    return state;
  }

  async function closeCurrent(): Promise<void> {
    const current = opening;
    opening = undefined;
    const opened = current && (await withOpenTimeout(current).catch(() => undefined));
    await opened?.db.close();
  }

  return {
    outbox: () => withStorageErrors(async () => (await openStorage()).outbox),
    check,
    lastState: () => state,
    close() {
      isClosed = true;
      stopRechecking();
      return closeCurrent();
    },
  };
}

/**
 * Stops waiting after `limits.database.openTimeout`; the opening itself continues, because migrating the tables of an
 * earlier release takes long if they hold many mails.
 *
 * @throws StorageError on timeout
 */
function withOpenTimeout<T>(opening: Promise<T>): Promise<T> {
  return withTimeout(opening, openTimeout, () => {
    throw new StorageError('the mail storage is still being opened', 'STORAGE_OPENING');
  });
}
