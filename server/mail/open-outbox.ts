import type { Logger } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { MailTiming } from './timing.ts';

/**
 * Returns a function that opens the outbox in the product's database. It throws `AppError('mail_unavailable')` while the
 * database is unavailable.
 *
 * @param options.hold true when there is no transport. Otherwise mails held by an earlier process are released first.
 */
export function outboxOpener(options: {
  database: Pick<LazyDatabase, 'open'>;
  log: Logger;
  siteUrl: string;
  timing: MailTiming;
  hold: boolean;
}): () => Promise<Outbox> {
  const { database, log, siteUrl, timing, hold } = options;
  const outboxes = new WeakMap<Database, Promise<Outbox>>();

  async function prepare(db: Database): Promise<Outbox> {
    const outbox = createOutbox(db, { siteUrl, hold, timing });
    const released = hold ? 0 : await outbox.releaseHeld();
    if (released > 0) log.info({ released }, 'held mails released');
    return outbox;
  }

  return () =>
    withStorageErrors(async () => {
      const db = await database.open();
      const prepared = outboxes.get(db) ?? prepare(db);
      outboxes.set(db, prepared);
      try {
        return await prepared;
      } catch (error) {
        outboxes.delete(db);
        throw error;
      }
    });
}
