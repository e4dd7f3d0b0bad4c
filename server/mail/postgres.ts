import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import type { MailDatabase, MailTables } from './database.ts';
import { migrationProvider } from './migrations.ts';

const { connections, connectTimeout, queryTimeout, migrationTimeout, abandonedAfter } = limits.database;

/** PostgreSQL's bigint, which pg gives as a string; ours are milliseconds. */
const bigint = 20;

/**
 * Connects to PostgreSQL and brings the tables up to date; instances that start at once wait for one another
 * (Kysely's migrator takes a lock). A database that is gone or frozen fails a statement within its timeout.
 *
 * @throws the storage's own error; the caller names it
 */
export async function openPostgres(url: string, log: Logger): Promise<MailDatabase> {
  const queries = connect(url, log, { max: connections, timeout: queryTimeout });
  try {
    // A release that is rolled back finds more than it knows: what is added later leaves it what it needs.
    const known = await migratorOf(queries).getMigrations();
    if (!known.every(({ executedAt }) => executedAt)) await migrate(url, log);
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

function connect(
  url: string,
  log: Logger,
  { max, timeout }: { max: number; timeout: number },
): Kysely<MailTables> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'typed-bff',
    max,
    connectionTimeoutMillis: connectTimeout,
    query_timeout: timeout,
    statement_timeout: timeout,
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
  return new Kysely<MailTables>({ dialect: new PostgresDialect({ pool }) });
}

const migratorOf = (db: Kysely<MailTables>) => new Migrator({ db, provider: migrationProvider('postgres') });

/** On connections of its own: what an index of millions of mails takes, a mail must not wait. */
async function migrate(url: string, log: Logger): Promise<void> {
  const queries = connect(url, log, { max: 2, timeout: migrationTimeout });
  try {
    const { error } = await migratorOf(queries).migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    await queries.destroy();
  }
}
