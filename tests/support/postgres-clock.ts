import { sql } from 'kysely';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openPostgres } from '#server/storage/postgres.ts';

const log = createLogger({ level: 'silent' });

/**
 * Opens a database with a clock of its own: its statement_timestamp() is replaced.
 *
 * @param time an SQL expression in which `ms` is the number that `set` sets, at first 0
 */
export async function openWithClock(
  url: string,
  time: string,
): Promise<{ db: Database; set(ms: number): Promise<void> }> {
  const setUp = await openPostgres(url, log);
  for (const statement of [
    sql`create table test_clock (ms double precision not null)`,
    sql`insert into test_clock values (0)`,
    sql`create function public.statement_timestamp() returns timestamptz language sql volatile as
      ${sql.raw(`$$ select ${time} from public.test_clock $$`)}`,
    sql`do $$ begin
      execute format('alter database %I set search_path = public, pg_catalog', current_database());
    end $$`,
  ]) {
    await statement.execute(setUp.queries);
  }
  await setUp.close();
  const db = await openPostgres(url, log);
  return {
    db,
    async set(ms) {
      await sql`update test_clock set ms = ${ms}`.execute(db.queries);
    },
  };
}
