import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { beforeEach, expect, test } from 'vitest';
import {
  isMigrated,
  type Migrations,
  migrateToLatest,
  migrationProvider,
  migratorsOf,
  productMigrations,
} from '#server/storage/migrations.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';

/** The migrations of a team, as docs/own-tables.md describes them. */
const first: Migrations = ({ time, end }) => ({
  '001-booking': {
    async up(db) {
      await sql`
        create table example_booking (
          id text primary key,
          user_id text not null references user_account (id),
          starts_at ${time} not null
        ${end}`.execute(db);
    },
  },
});

const second: Migrations = (dialect) => ({
  ...first(dialect),
  '002-note': {
    async up(db) {
      await sql`alter table example_booking add column note text`.execute(db);
    },
  },
});

onEachDatabase((database) => {
  beforeEach(async () => {
    // As if this project had no migrations of its own yet.
    for (const table of ['custom_migration', 'custom_migration_lock'])
      await sql`drop table if exists ${sql.table(table)}`.execute(database().db.queries);
  });

  test('your own migrations run after those of the product, and each once', async () => {
    const { queries, engine } = database().db;
    await migrateToLatest(migratorsOf(queries, engine, first));
    await migrateToLatest(migratorsOf(queries, engine, second));
    await migrateToLatest(migratorsOf(queries, engine, second));
    const { rows } = await sql`select name from custom_migration order by name`.execute(queries);
    expect(rows).toEqual([{ name: '001-booking' }, { name: '002-note' }]);
    await sql`select id, user_id, starts_at, note from example_booking`.execute(queries);
  });

  test('a later release of the product can add migrations, whatever your own are called', async () => {
    const { queries, engine } = database().db;
    await migrateToLatest(migratorsOf(queries, engine, first));
    const later: Migrations = (dialect) => ({
      ...productMigrations(dialect),
      '999-later': { up: (db) => sql`create table later (id text)`.execute(db).then(() => undefined) },
    });
    const provider = migrationProvider(engine, later);
    expect((await new Migrator({ db: queries, provider }).migrateToLatest()).error).toBeUndefined();
    const [, custom] = migratorsOf(queries, engine, second);
    expect((await custom?.migrateToLatest())?.results).toMatchObject([
      { migrationName: '002-note', status: 'Success' },
    ]);
  });

  test('a database with later migrations of your own is opened, as after a roll-back', async () => {
    const { queries, engine } = database().db;
    await migrateToLatest(migratorsOf(queries, engine, second));
    expect(await isMigrated(migratorsOf(queries, engine, first))).toBe(true);
  });
});
