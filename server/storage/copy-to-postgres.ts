import { sql } from 'kysely';
import { z } from 'zod';
import { customKeys } from '#server/custom/tables.ts';
import type { Logger } from '../observability/log.ts';
import type { Database, Queries } from './database.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { ProductTables } from './tables.ts';

/** Number of rows copied in one transaction. */
const batchSize = 200;

/** The primary keys of the product's tables that are copied, each table after those that it refers to. */
const keys = {
  mail: ['id'],
  inbox: ['mail_id'],
  job: ['id'],
  job_schedule: ['name'],
  user_account: ['id'],
  user_identity: ['issuer', 'subject'],
  user_session: ['id'],
  audit_entry: ['id'],
  saved_places: ['user_id'],
  stored_file: ['id'],
  // The other tables hold what lasts for minutes.
} satisfies Record<
  Exclude<
    keyof ProductTables,
    'sign_in' | 'email_sign_in' | 'access_token' | 'provider_logout' | 'write_probe'
  >,
  readonly string[]
>;

/** Number of rows of a table that were copied, and of those that were there already. */
export type CopiedTable = { table: string; copied: number; skipped: number };

type Row = Record<string, unknown> & { rowid: number };

const rowSchema = z.looseObject({ rowid: z.number() });

/**
 * Copies mails, jobs, users, sessions, the list of files, and what belongs to them from SQLite to PostgreSQL. It can be run again: rows that are
 * already there are skipped. A mail that was being sent, or a job that was running, when its process ended is copied as queued.
 *
 * A session is copied only together with its user: one that is no longer there may have ended since. Users who have signed
 * in with PostgreSQL already keep their id there, and get what belonged to the other one.
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
      const users = await usersKnownTo(target, source);
      const copied: CopiedTable[] = [];
      for (const [table, key] of Object.entries({ ...keys, ...customKeys }))
        copied.push(await copyTable(source, target, { table, key, users }));
      return copied;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Returns the ids of the users whom the target knows, by the ids that they have in the source. */
async function usersKnownTo(target: Database, source: Database): Promise<ReadonlyMap<string, string>> {
  const identities = ({ queries }: Database) =>
    queries.selectFrom('user_identity').select(['issuer', 'subject', 'user_id']).execute();
  const keyOf = ({ issuer, subject }: { issuer: string; subject: string }) =>
    JSON.stringify([issuer, subject]);
  const known = new Map((await identities(target)).map((row) => [keyOf(row), row.user_id]));
  return new Map(
    (await identities(source)).flatMap((row) => {
      const id = known.get(keyOf(row));
      return id === undefined ? [] : [[row.user_id, id]];
    }),
  );
}

/** Returns the rows of a table to copy. */
function rowsFor(table: string, rows: readonly Row[], users: ReadonlyMap<string, string>): Row[] {
  switch (table) {
    case 'user_account':
      return rows.filter(({ id }) => !users.has(String(id)));
    case 'user_identity':
    case 'user_session':
      return rows.filter((row) => !users.has(String(row.user_id)));
    case 'audit_entry':
    case 'saved_places':
    case 'stored_file':
      return rows.map((row) => ({ ...row, user_id: users.get(String(row.user_id)) ?? row.user_id }));
    default:
      return [...rows];
  }
}

async function copyTable(
  source: Database,
  target: Database,
  { table, key, users }: { table: string; key: readonly string[]; users: ReadonlyMap<string, string> },
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
    const chosen = rowsFor(table, rows, users);
    const copied =
      chosen.length === 0 ? 0 : await target.write((queries) => insert(queries, table, key, chosen));
    result.copied += copied;
    result.skipped += rows.length - copied;
  }
}

/** @returns the number of rows that were not there already */
async function insert(queries: Queries, table: string, key: readonly string[], rows: Row[]): Promise<number> {
  const unclaimed = rows.map(({ rowid, ...row }) =>
    row.status === 'sending' || row.status === 'running'
      ? { ...row, status: 'queued', lease_token: null, lease_until: null }
      : row,
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
