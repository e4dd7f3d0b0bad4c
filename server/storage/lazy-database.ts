import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { isAppError } from '../errors.ts';
import { reuseFor } from '../lib/reuse-for.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Logger } from '../observability/log.ts';
import type { Database } from './database.ts';
import { openDatabase } from './open-database.ts';
import { StorageError, type StorageFault, storageFaultOf } from './storage-fault.ts';
import { probeWrite } from './write-probe.ts';

const { openTimeout, checkFreshFor, recheckInterval } = limits.database;

/**
 * The product's database, opened on first use. A failed open is retried on the next use. After a failure the database is
 * checked again and again, so that a recovery is noticed without any use.
 */
export type LazyDatabase = {
  /** @throws the driver's error, or a StorageError if it does not open within `limits.database.openTimeout` */
  open(): Promise<Database>;
  /** Checks that the database can be written. Does not throw. */
  check(): Promise<StorageFault | 'ok'>;
  /** Returns the state after the latest write or check, without a check. */
  lastState(): StorageFault | 'ok';
  /** Closes the database. The next use opens it again. */
  close(): Promise<void>;
};

export function createLazyDatabase(options: {
  env: Pick<Env, 'DATABASE_URL' | 'DATA_DIR'>;
  log: Logger;
}): LazyDatabase {
  const { env, log } = options;
  let opening: Promise<Database> | undefined;
  let state: StorageFault | 'ok' = 'ok';
  let recheck: NodeJS.Timeout | undefined;
  let isClosed = false;

  function failed(error: unknown): void {
    const fault = storageFaultOf(error);
    if (state !== fault) log.error({ fault, err: error }, 'the database cannot be written');
    state = fault;
    // Operations that close() interrupts fail, too. A check would open the database again.
    if (!isClosed) recheck ??= setInterval(() => void check(), recheckInterval).unref();
    // The operator has put another file in its place: the next use opens that one.
    if (fault === 'replaced') void closeCurrent();
  }

  function recovered(): void {
    if (state !== 'ok') log.info('the database can be written again');
    state = 'ok';
    stopRechecking();
  }

  function stopRechecking(): void {
    clearInterval(recheck);
    recheck = undefined;
  }

  async function watched<T>(operation: () => Promise<T>, isFault = isAnyFault): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (isFault(error)) failed(error);
      throw error;
    }
  }

  async function openWatched(): Promise<Database> {
    const opened = await openDatabase(env, log);
    return {
      ...opened,
      write: (statements) => watched(() => opened.write(statements)),
      transaction: (statements) => watched(() => opened.transaction(statements), isKnownFault),
    };
  }

  function startOpening(): Promise<Database> {
    const started = openWatched();
    started.catch(() => {
      if (opening === started) opening = undefined;
    });
    return started;
  }

  function open(): Promise<Database> {
    isClosed = false;
    opening ??= startOpening();
    const current = opening;
    return watched(() => withOpenTimeout(current));
  }

  const checkOnce = reuseFor(checkFreshFor, async () => {
    try {
      const db = await open();
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
    await opened?.close();
  }

  return {
    open,
    check,
    lastState: () => state,
    close() {
      isClosed = true;
      stopRechecking();
      return closeCurrent();
    },
  };
}

const isAnyFault = (error: unknown) => !isAppError(error);

/** The statements of a transaction can violate a constraint, and its function can throw errors of its own. */
const isKnownFault = (error: unknown) => isAnyFault(error) && storageFaultOf(error) !== 'failed';

/**
 * Stops waiting after `limits.database.openTimeout`; the opening itself continues, because migrating the tables of an
 * earlier release takes long if they have many rows.
 *
 * @throws StorageError on timeout
 */
function withOpenTimeout<T>(opening: Promise<T>): Promise<T> {
  return withTimeout(opening, openTimeout, () => {
    throw new StorageError('the database is still being opened', 'STORAGE_OPENING');
  });
}
