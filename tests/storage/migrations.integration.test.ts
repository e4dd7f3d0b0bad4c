import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, PostgresDialect, SqliteDialect, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, test } from 'vitest';
import { customMigrations } from '#server/custom/migrations.ts';
import { createOutbox } from '#server/mail/outbox.ts';
import { migrationProvider, productMigrations } from '#server/storage/migrations.ts';
import type { Tables } from '#server/storage/tables.ts';
import {
  addresses,
  draft,
  onEachEngine,
  openStorage,
  type StorageEnv,
  storageEnv,
} from '#tests/mail/support.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { isAdditive } from './additive.ts';

test.each([
  'create table more (id text)',
  'create index mail_by_age on mail (accepted_at)',
  'alter table mail add column note text',
  'alter table mail add column unfinished integer not null default 0',
])('is additive: %s', (statement) => {
  expect(isAdditive(statement)).toBe(true);
});

test.each([
  'drop table inbox',
  'alter table mail drop column last_error',
  'alter table mail rename column contents to body',
  'alter table mail alter column attempts type bigint',
  'alter table mail add column note text not null',
  'alter table mail add column code text unique',
  'alter table mail add column kind text check (kind in (1))',
  'create unique index mail_subject on mail (subject)',
  'update mail set attempts = 0',
  'delete from inbox',
])('is not additive: %s', (statement) => {
  expect(isAdditive(statement)).toBe(false);
});

/** A row as the first release wrote it. */
const mail = {
  id: 'mail-of-the-first-release',
  message_id: '<first@site.example>',
  idempotency_key: 'key',
  payload_hash: 'hash',
  from_address: 'ada@visitor.example',
  from_name: null,
  subject: 'A question',
  contents: 'Hello',
  status: 'dead',
  attempts: 3,
  accepted_at: 1_700_000_000_000,
  queued_at: 1_700_000_000_000,
  next_attempt_at: 1_700_000_000_000,
  lease_token: null,
  lease_until: null,
  sent_at: null,
  last_error: 'refused',
} as const;

/** Changes that a future release might make. */
const futureMigration: Migration = {
  async up(db) {
    await sql`alter table mail add column note text`.execute(db);
    await sql`alter table mail add column weight integer not null default 1`.execute(db);
    await sql`create table more (mail_id text primary key)`.execute(db);
  },
};

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let storage: StorageEnv;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    storage = await storageEnv(postgres);
  });

  /** Connects to the database without migrating it. */
  function connect(statements: string[] = []): Kysely<Tables> {
    const dialect =
      storage.DATABASE_URL === undefined
        ? new SqliteDialect({ database: new Sqlite(join(storage.DATA_DIR, 'typed-bff.sqlite')) })
        : new PostgresDialect({ pool: new pg.Pool({ connectionString: storage.DATABASE_URL }) });
    const db = new Kysely<Tables>({ dialect, log: ({ query }) => void statements.push(query.sql) });
    onTestFinished(() => db.destroy());
    return db;
  }

  async function migrate(db: Kysely<Tables>, migrations: Record<string, Migration>): Promise<void> {
    const provider = { getMigrations: () => Promise.resolve(migrations) };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    expect(error).toBeUndefined();
  }

  /** Inserts a mail with the columns of the first release only. */
  async function insertAsFirstRelease(db: Kysely<Tables>, id: string = mail.id): Promise<void> {
    const row = { ...mail, id, message_id: `<${id}@site.example>`, idempotency_key: id };
    const columns = sql.join(Object.keys(row).map((name) => sql.ref(name)));
    await sql`insert into mail (${columns}) values (${sql.join(Object.values(row))})`.execute(db);
    await sql`insert into inbox (mail_id, received_at, raw) values (${id}, ${mail.accepted_at}, 'raw')`.execute(
      db,
    );
  }

  it('every migration is additive', async () => {
    const statements: string[] = [];
    const db = connect(statements);
    for (const migrations of [productMigrations, customMigrations])
      for (const { up } of Object.values(await migrationProvider(engine, migrations).getMigrations()))
        await up(db);
    expect(statements.length).toBeGreaterThan(4);
    expect(statements.filter((statement) => !isAdditive(statement))).toEqual([]);
  });

  it('this release keeps and processes the mails of the first release', async () => {
    const before = connect();
    const [first] = Object.entries(await migrationProvider(engine).getMigrations());
    await migrate(before, Object.fromEntries(first ? [first] : []));
    await insertAsFirstRelease(before);

    const outbox = createOutbox(await openStorage(storage), { siteUrl: addresses.siteUrl });
    const [row] = await before.selectFrom('mail').selectAll().execute();
    const { idempotency_key: _, message_id: __, ...written } = mail;
    const times = ['accepted_at', 'queued_at', 'next_attempt_at'] as const;
    const read = { ...row, ...Object.fromEntries(times.map((name) => [name, Number(row?.[name])])) };
    expect(read).toMatchObject({ ...written, unfinished: 0 });
    expect(await before.selectFrom('inbox').select('raw').execute()).toEqual([{ raw: 'raw' }]);

    expect(await outbox.requeue(mail.id)).toBe(true);
    expect(await outbox.claim()).toMatchObject({ id: mail.id, contents: mail.contents, crashedClaims: 0 });
  });

  it('the first release can still write after this one has migrated', async () => {
    const outbox = createOutbox(await openStorage(storage), { siteUrl: addresses.siteUrl });
    await insertAsFirstRelease(connect());
    expect(await outbox.status(mail.id)).toMatchObject({ status: 'dead', attempts: 3 });
  });

  it('this release works alongside a newer one, and after a roll-back from it', async () => {
    const current = createOutbox(await openStorage(storage), { siteUrl: addresses.siteUrl });
    const all = await migrationProvider(engine).getMigrations();
    await migrate(connect(), { ...all, '999-later': futureMigration });
    const { id } = await current.enqueue(draft);

    const rolledBack = createOutbox(await openStorage(storage), { siteUrl: addresses.siteUrl });
    expect(await rolledBack.claim()).toMatchObject({ id, ...draft });
    const { id: next } = await rolledBack.enqueue({ ...draft, subject: 'Another' });
    expect(await rolledBack.status(next)).toMatchObject({ status: 'queued' });
  });
});
