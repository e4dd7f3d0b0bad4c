import type { Kysely, RawBuilder, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

export type Queries = Kysely<Tables>;

/** Needs the right to write, but changes nothing, so nothing is synced to the disk. On SQLite, it takes the write lock. */
export const emptyUpdate = 'update mail set id = id where 1 = 0';

/** The product's database on either engine. */
export type Database = {
  engine: 'sqlite' | 'postgres';
  queries: Queries;
  /** The current time by the database's clock, so that the clocks of instances may differ. */
  now: () => RawBuilder<number>;
  /**
   * Runs statements that write. On PostgreSQL they run in one transaction, and the COMMIT is not sent if a response
   * came too late. On SQLite each statement commits separately, so that no lock is held while this process does
   * something else: every statement must leave a consistent state if the following ones never run.
   */
  write<T>(statements: (queries: Queries) => Promise<T>): Promise<T>;
  /**
   * Runs statements in one transaction: all of them are stored, or none if the function throws. Keep it short, and wait in
   * it for nothing but the database: on SQLite nothing else can be written meanwhile, and the transaction is rolled back
   * after `limits.sqlite.transactionTimeout`.
   */
  transaction<T>(statements: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * Checks cheaply, without a write to the disk, that the storage can be written.
   *
   * @throws Error if it is unreachable, read-only, locked, or no longer the storage that was opened
   */
  check(): Promise<void>;
  close(): Promise<void>;
};
