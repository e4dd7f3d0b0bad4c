/**
 * The types of your own tables, by name, for example `{ booking: { id: string; created_at: number } }`. Releases of the
 * product do not change this file. docs/own-tables.md has an example.
 */
export type CustomTables = Record<never, never>;

/**
 * The primary keys of your own tables, each table after those that it refers to. `npm run sqlite-to-postgres` copies these
 * tables.
 */
export const customKeys = {} satisfies Record<keyof CustomTables, readonly string[]>;
