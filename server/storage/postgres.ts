import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { limits } from '../config/limits.ts';
import { productName } from '../config/product-name.ts';
import type { Logger } from '../observability/log.ts';
import { type Database, emptyUpdate } from './database.ts';
import { isMigrated, migrateToLatest, migratorsOf } from './migrations.ts';
import { withTimeouts } from './postgres-pool.ts';
import type { Tables } from './tables.ts';
import { runTransaction } from './transaction.ts';

const { connections, connectTimeout, queryTimeout, migrationTimeout, abandonedAfter } = limits.database;

/** Type id of bigint, which pg returns as a string. The bigints of these tables are milliseconds and fit a number. */
const bigint = 20;

/**
 * Connects to PostgreSQL and migrates the tables; instances that start at the same time wait for one another (Kysely's
 * migrator takes a lock). If the database is gone or frozen, a statement fails within its timeout.
 *
 * @throws the driver's error; the caller maps it
 */
export async function openPostgres(url: string, log: Logger): Promise<Database> {
  const queries = connect(url, log, { max: connections, timeout: queryTimeout });
  try {
    // After a roll-back the database has more migrations than this release knows; they only add, so it can work.
    if (!(await isMigrated(migratorsOf(queries, 'postgres')))) await migrate(url, log);
  } catch (error) {
    await queries.destroy();
    throw error;
  }
  return {
    engine: 'postgres',
    queries,
    // Not clock_timestamp(), which changes within a statement, so that no index can be searched by it.
    now: () => sql<number>`(extract(epoch from statement_timestamp()) * 1000)::bigint`,
    // A statement whose response came too late must not become durable: in a transaction, its COMMIT is never sent.
    write: (statements) => queries.transaction().execute(statements),
    transaction: (statements) => runTransaction(queries, statements),
    async check() {
      await sql.raw(emptyUpdate).execute(queries);
    },
    close: () => queries.destroy(),
  };
}

function connect(
  url: string,
  log: Logger,
  { max, timeout }: { max: number; timeout: number },
): Kysely<Tables> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: productName,
    max,
    // Only frees the pool: callers have stopped waiting before, see `withTimeouts`.
    connectionTimeoutMillis: 5 * connectTimeout,
    statement_timeout: timeout,
    // PostgreSQL rolls back transactions that a frozen or lost instance leaves open.
    idle_in_transaction_session_timeout: abandonedAfter,
    types: { getTypeParser: (id, format) => (id === bigint ? Number : pg.types.getTypeParser(id, format)) },
  });
  // Without a listener, a broken connection would crash the process. The pool listens only to idle connections, so a
  // connection that is in use between two statements needs its own listener.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', (err) => log.warn({ err }, 'database connection lost')));
  const timed = withTimeouts(pool, { connect: connectTimeout, query: timeout });
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: timed }) });
}

/** Uses separate connections with a longer timeout: building an index over millions of mails takes minutes. */
async function migrate(url: string, log: Logger): Promise<void> {
  const queries = connect(url, log, { max: 2, timeout: migrationTimeout });
  try {
    await migrateToLatest(migratorsOf(queries, 'postgres'));
  } finally {
    await queries.destroy();
  }
}
