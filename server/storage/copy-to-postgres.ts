import { sql } from 'kysely';
import { z } from 'zod';
import type { Logger } from '../observability/log.ts';
import type { Database, Queries } from './database.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Tables } from './tables.ts';

/** Number of rows copied in one transaction. */
const batchSize = 200;

/** The primary keys of all tables that are copied, each table after those that it refers to. */
const keys = {
  mail: ['id'],
  inbox: ['mail_id'],
  user_account: ['id'],
  user_identity: ['issuer', 'subject'],
  user_session: ['id'],
  access_token: ['session_id', 'audience', 'scope'],
  audit_entry: ['id'],
  saved_places: ['user_id'],
  // The other tables hold what lasts for minutes.
} satisfies Record<Exclude<keyof Tables, 'sign_in' | 'provider_logout' | 'write_probe'>, readonly string[]>;

/** Number of rows of a table that were copied, and of those that were there already. */
export type CopiedTable = { table: string; copied: number; skipped: number };

type Row = Record<string, unknown> & { rowid: number };

const rowSchema = z.looseObject({ rowid: z.number() });

/**
 * Copies mails, users, sessions and what belongs to them from SQLite to PostgreSQL. It can be run again: rows that are
 * already there are skipped. A mail that was being sent when its process ended is copied as queued.
 */
export async function copyToPostgres(options: {
  dataDir: string;
  url: string;
  log: Logger;
}): Promise<CopiedTable[]> {
  const source = await openSqlite(options.dataDir, options.log);
  try {
    const target = await openPostgres(options.url, options.log);
    try {
      const copied: CopiedTable[] = [];
      for (const [table, key] of Object.entries(keys))
        copied.push(await copyTable(source, target, table, key));
      return copied;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function copyTable(
  source: Database,
  target: Database,
  table: string,
  key: readonly string[],
): Promise<CopiedTable> {
  const result = { table, copied: 0, skipped: 0 };
  for (let last = 0; ; ) {
    const { rows: found } = await sql`
      select rowid, * from ${sql.table(table)} where rowid > ${last} order by rowid limit ${batchSize}
    `.execute(source.queries);
    const rows = found.map((row) => rowSchema.parse(row));
    const lastRow = rows.at(-1);
    if (!lastRow) return result;
    last = lastRow.rowid;
    const copied = await target.write((queries) => insert(queries, table, key, rows));
    result.copied += copied;
    result.skipped += rows.length - copied;
  }
}

/** @returns the number of rows that were not there already */
async function insert(queries: Queries, table: string, key: readonly string[], rows: Row[]): Promise<number> {
  const unclaimed = rows.map(({ rowid, ...row }) =>
    row.status === 'sending' ? { ...row, status: 'queued', lease_token: null, lease_until: null } : row,
  );
  const columns = Object.keys(unclaimed[0] ?? {});
  const values = unclaimed.map((row) => sql`(${sql.join(Object.values(row))})`);
  const { numAffectedRows = 0n } = await sql`
    insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
    values ${sql.join(values)}
    on conflict (${sql.join(key.map((column) => sql.ref(column)))}) do nothing
  `.execute(queries);
  return Number(numAffectedRows);
}
