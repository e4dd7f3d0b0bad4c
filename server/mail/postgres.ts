import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { MailDatabase, MailTables } from './database.ts';
import { migrationProvider } from './migrations.ts';

const { connections, connectTimeout, queryTimeout, abandonedAfter } = limits.database;

/** PostgreSQL's bigint, which pg gives as a string; ours are milliseconds. */
const bigint = 20;

/**
 * Connects to PostgreSQL and brings the tables up to date; instances that start at once wait for one another
 * (Kysely's migrator takes a lock). A database that is gone or frozen fails a statement within its timeout.
 *
 * @throws the storage's own error; the caller names it
 */
export async function openPostgres(url: string, log: Logger): Promise<MailDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'typed-bff',
    max: connections,
    connectionTimeoutMillis: connectTimeout,
    query_timeout: queryTimeout,
    statement_timeout: queryTimeout,
    // What a frozen or lost instance leaves open ends by itself, and with it nothing of it is kept.
    idle_in_transaction_session_timeout: abandonedAfter,
    types: { getTypeParser: (id, format) => (id === bigint ? Number : pg.types.getTypeParser(id, format)) },
  });
  // Without a listener a connection that breaks would end the process: the pool listens only to idle ones, so one
  // that is in use and waits for its next statement needs a listener of its own.
  pool.on('error', () => undefined);
  pool.on('connect', (client) =>
    client.on('error', (err) => log.warn({ err }, 'a connection to the database broke')),
  );
  const queries = new Kysely<MailTables>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({ db: queries, provider: migrationProvider('postgres') });
    // A release that is rolled back finds more than it knows: what is added later leaves it what it needs.
    const known = await migrator.getMigrations();
    if (!known.every(({ executedAt }) => executedAt)) {
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined) throw error;
    }
  } catch (error) {
    await queries.destroy();
    throw error;
  }
  return {
    engine: 'postgres',
    queries,
    now: () => sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    // A statement that is answered too late must not become durable: without its COMMIT it does not.
    write: (statements) => queries.transaction().execute(statements),
    close: () => queries.destroy(),
  };
}
