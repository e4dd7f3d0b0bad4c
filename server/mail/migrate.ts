import type { Logger } from '../observability/log.ts';
import { openPostgres } from '../storage/postgres.ts';
import { openSqlite } from '../storage/sqlite.ts';

/** Number of mails copied in one transaction. */
const batchSize = 200;

/**
 * Copies all mails from SQLite to PostgreSQL, with their ids, keys and Message-IDs. It can be run again: mails that
 * are already there are skipped. A mail that was being sent when its process ended is copied as queued.
 */
export async function migrateMails(options: {
  dataDir: string;
  url: string;
  log: Logger;
}): Promise<{ copied: number; skipped: number }> {
  const source = await openSqlite(options.dataDir, options.log);
  try {
    const target = await openPostgres(options.url, options.log);
    try {
      let copied = 0;
      let skipped = 0;
      for (let lastId = ''; ; ) {
        const rows = await source.queries
          .selectFrom('mail')
          .selectAll()
          .where('id', '>', lastId)
          .orderBy('id')
          .limit(batchSize)
          .execute();
        const lastRow = rows.at(-1);
        if (!lastRow) return { copied, skipped };
        lastId = lastRow.id;
        const ids = rows.map(({ id }) => id);
        const messages = await source.queries
          .selectFrom('inbox')
          .selectAll()
          .where('mail_id', 'in', ids)
          .execute();
        const inserted = await target.write(async (queries) => {
          const result = await queries
            .insertInto('mail')
            .values(
              rows.map((row) => ({
                ...row,
                status: row.status === 'sending' ? ('queued' as const) : row.status,
                lease_token: null,
                lease_until: null,
              })),
            )
            .onConflict((conflict) => conflict.column('id').doNothing())
            .executeTakeFirst();
          if (messages.length > 0) {
            await queries
              .insertInto('inbox')
              .values(messages)
              .onConflict((conflict) => conflict.column('mail_id').doNothing())
              .execute();
          }
          return Number(result.numInsertedOrUpdatedRows ?? 0n);
        });
        copied += inserted;
        skipped += rows.length - inserted;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
