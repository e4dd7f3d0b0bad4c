import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { Database, Queries } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';
import type { QueueColumns } from './columns.ts';

type QueueName = { [Name in keyof Tables]: Tables[Name] extends QueueColumns ? Name : never }[keyof Tables];

/** A row that belongs to one process until its lease ends. */
export type Lease<Row> = {
  row: Row;
  /** Fencing token: recording an outcome requires it. */
  token: string;
  /** Time since the row could first be attempted, in milliseconds. */
  age: number;
  /** Claims that ended without an outcome before this one. */
  crashedClaims: number;
};

export type Outcome<Status extends string> = {
  status: Status;
  lastError: string | null;
  /** Column that gets the current time. */
  timeIn?: string;
  /** Milliseconds until the next attempt. */
  delay?: number;
  /** The row was not the cause of the failure: the attempt is not counted. */
  uncountAttempt?: boolean;
};

export type Leases<Name extends QueueName> = {
  /**
   * Claims a row whose last claim has ended without an outcome, else the row that has been due the longest, or returns
   * undefined. No two claims get the same row.
   *
   * @param condition limits the rows
   */
  claim(condition?: RawBuilder<unknown>): Promise<Lease<Tables[Name]> | undefined>;
  /** Prolongs a lease from now on. @returns false if the lease no longer belongs to this token */
  renew(id: string, token: string): Promise<boolean>;
  /**
   * Records an outcome and ends the lease.
   *
   * @param queries of a transaction, if other statements belong to it
   * @returns false if the lease no longer belongs to this token; then nothing changes
   */
  end(
    id: string,
    token: string,
    outcome: Outcome<Tables[Name]['status']>,
    queries?: Queries,
  ): Promise<boolean>;
};

/**
 * Leases of the rows of a queue, the same for each table and on each engine.
 *
 * @param options.claimed status of a claimed row
 * @param options.lease milliseconds
 * @param options.maxDelay milliseconds that a row may have to wait for its next attempt
 */
export function createLeases<Name extends QueueName>(
  { engine, write, now }: Pick<Database, 'engine' | 'write' | 'now'>,
  options: { table: Name; claimed: Tables[Name]['status']; lease: number; maxDelay: number },
): Leases<Name> {
  const { claimed } = options;
  const lease = Math.round(options.lease);
  const table = sql.table(options.table);
  const later = (milliseconds: number) => sql`${now()} + ${sql.val(Math.round(milliseconds))}`;
  // SQLite has one writer at a time. On PostgreSQL, concurrent claims must skip each other's rows.
  const skipLocked = engine === 'postgres' ? sql`for update skip locked` : sql``;

  /** @returns the number of rows */
  async function update(queries: Queries | undefined, statement: RawBuilder<unknown>): Promise<bigint> {
    const execute = async (each: Queries) => (await statement.execute(each)).numAffectedRows ?? 0n;
    return queries ? execute(queries) : write(execute);
  }

  const isOwn = (id: string, token: string) =>
    sql`id = ${id} and status = ${claimed} and lease_token = ${token}`;

  return {
    async claim(condition = sql`true`) {
      const token = randomUUID();
      const oldest = sql`order by next_attempt_at, accepted_at limit 1 ${skipLocked}`;
      const row = await write(async (queries) => {
        // Three searches, each in the order of an index. One with all conditions would sort the whole queue.
        const { rows } = await sql<Tables[Name]>`
          update ${table} set
            status = ${claimed},
            attempts = attempts + 1,
            unfinished = unfinished + 1,
            lease_token = ${token},
            lease_until = ${later(lease)}
          where id = coalesce(
            -- Or far ahead, with a margin: the clock was set back. A row that is taken from a live process runs twice.
            (select id from ${table} where status = ${claimed} and ${condition}
              and (lease_until <= ${now()} or lease_until > ${later(2 * lease)}) limit 1 ${skipLocked}),
            (select id from ${table} where status = 'queued' and ${condition}
              and next_attempt_at <= ${now()} ${oldest}),
            -- Further ahead than any delay: the clock was set back, and the row would wait until it caught up.
            (select id from ${table} where status = 'queued' and ${condition}
              and next_attempt_at > ${later(options.maxDelay)} ${oldest})
          )
          returning *`.execute(queries);
        return rows[0];
      });
      if (!row) return undefined;
      const claimedAt = (row.lease_until ?? 0) - lease;
      return {
        row,
        token,
        age: Math.max(0, claimedAt - row.queued_at),
        crashedClaims: row.unfinished - 1,
      };
    },

    async renew(id, token) {
      const renewed = await update(
        undefined,
        sql`update ${table} set lease_until = ${later(lease)} where ${isOwn(id, token)}`,
      );
      return renewed > 0n;
    },

    async end(id, token, outcome, queries) {
      const { status, lastError, timeIn, delay, uncountAttempt } = outcome;
      const changes = [
        sql`status = ${status}, last_error = ${lastError}, lease_token = null, lease_until = null, unfinished = 0`,
        ...(timeIn === undefined ? [] : [sql`${sql.ref(timeIn)} = ${now()}`]),
        ...(delay === undefined ? [] : [sql`next_attempt_at = ${later(delay)}`]),
        ...(uncountAttempt === true ? [sql`attempts = attempts - 1`] : []),
      ];
      const ended = await update(
        queries,
        sql`update ${table} set ${sql.join(changes)} where ${isOwn(id, token)}`,
      );
      return ended > 0n;
    },
  };
}
