import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Logger } from '../observability/log.ts';
import type { MailDatabase } from './database.ts';
import { openMailDatabase } from './open-database.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { MailTiming } from './timing.ts';

/** The mail storage, opened on first use. A failed open is retried on the next use. */
export type LazyStorage = {
  /** @throws AppError mail_unavailable if the storage does not open within `limits.database.openTimeout` */
  outbox(): Promise<Outbox>;
  /**
   * Checks that the storage can be written.
   *
   * @throws AppError mail_unavailable
   */
  check(): Promise<void>;
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
  let opening: Promise<OpenStorage> | undefined;

  function startOpening(): Promise<OpenStorage> {
    const started = open(options);
    started.catch(() => {
      if (opening === started) opening = undefined;
    });
    return started;
  }

  async function openStorage(): Promise<OpenStorage> {
    opening ??= startOpening();
    return withOpenTimeout(opening);
  }

  return {
    outbox: () => withStorageErrors(async () => (await openStorage()).outbox),
    check: () => withStorageErrors(async () => (await openStorage()).db.check()),
    async close() {
      const current = opening;
      opening = undefined;
      const opened = current && (await withOpenTimeout(current).catch(() => undefined));
      await opened?.db.close();
    },
  };
}

async function open({ env, log, timing, hold }: LazyStorageOptions): Promise<OpenStorage> {
  const db = await openMailDatabase(env, log);
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

/**
 * Stops waiting after `limits.database.openTimeout`; the opening itself continues, because migrating the tables of an
 * earlier release takes long if they hold many mails.
 *
 * @throws Error on timeout
 */
function withOpenTimeout<T>(opening: Promise<T>): Promise<T> {
  return withTimeout(opening, limits.database.openTimeout, () => {
    throw new Error('the mail storage is still being opened');
  });
}
