import { sql } from 'kysely';
import type { Queries } from '#server/storage/database.ts';

/** Returns all rows of all tables as text, as a thief of the database would read them. */
export async function databaseText(queries: Queries): Promise<string> {
  const tables = await queries.introspection.getTables();
  const rows = await Promise.all(
    tables.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(queries)),
  );
  return JSON.stringify(rows.map((each) => each.rows));
}
