import { type RawBuilder, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { customMigrations } from '#server/custom/migrations.ts';
import type { Database, Queries } from './database.ts';

type Engine = Database['engine'];

/** The parts of a statement that differ between the engines. */
type Dialect = {
  /** Type of a column with milliseconds since the epoch, or with any other integer above two billion. */
  time: RawBuilder<unknown>;
  /** Ends a `create table` statement. */
  end: RawBuilder<unknown>;
};

/** Schema changes by name. */
export type Migrations = (dialect: Dialect) => Record<string, Migration>;

/** SQLite checks types only in STRICT tables; PostgreSQL always does, but its integer is too small for times. */
const dialects: Record<Engine, Dialect> = {
  sqlite: { time: sql`integer`, end: sql`) strict` },
  postgres: { time: sql`bigint`, end: sql`)` },
};

/**
 * The product's schema changes, in the order of their names. Never edit a released migration. Each migration only adds, so
 * that the previous release keeps working, alongside this one or after a roll-back.
 */
export const productMigrations: Migrations = ({ time, end }) => {
  return {
    '001-mail': {
      async up(db) {
        await sql`
          create table mail (
            id text primary key,
            message_id text not null unique,
            idempotency_key text unique,
            payload_hash text not null,
            from_address text not null,
            from_name text,
            subject text,
            contents text not null,
            status text not null check (status in ('queued', 'sending', 'sent', 'dead', 'held')),
            attempts integer not null,
            accepted_at ${time} not null,
            queued_at ${time} not null,
            next_attempt_at ${time} not null,
            lease_token text,
            lease_until ${time},
            sent_at ${time},
            last_error text
          ${end}`.execute(db);
        await sql`create index mail_due on mail (status, next_attempt_at)`.execute(db);
        await sql`
          create table inbox (
            mail_id text primary key references mail (id),
            received_at ${time} not null,
            raw text not null
          ${end}`.execute(db);
      },
    },
    '002-unfinished-claims': {
      async up(db) {
        await sql`alter table mail add column unfinished integer not null default 0`.execute(db);
        await sql`create index mail_by_age on mail (accepted_at)`.execute(db);
      },
    },
    '003-traceparent': {
      async up(db) {
        await sql`alter table mail add column traceparent text`.execute(db);
      },
    },
    '004-suspicion': {
      async up(db) {
        await sql`alter table mail add column suspicion text`.execute(db);
      },
    },
    '005-write-probe': {
      async up(db) {
        await sql`create table write_probe (id integer primary key, filler text not null ${end}`.execute(db);
      },
    },
    '006-due-order': {
      async up(db) {
        await sql`create index mail_due_order on mail (status, next_attempt_at, accepted_at)`.execute(db);
      },
    },
    '007-identity': {
      async up(db) {
        await sql`
          create table user_account (
            id text primary key,
            name text,
            email text,
            email_verified_at ${time},
            created_at ${time} not null,
            disabled_at ${time}
          ${end}`.execute(db);
        await sql`
          create table user_identity (
            issuer text not null,
            subject text not null,
            user_id text not null references user_account (id),
            linked_at ${time} not null,
            last_used_at ${time} not null,
            primary key (issuer, subject)
          ${end}`.execute(db);
        await sql`
          create table user_session (
            id text primary key,
            secret_hash text not null,
            user_id text not null references user_account (id),
            issuer text not null,
            provider_sid text,
            roles text not null,
            scopes text not null,
            authenticated_at ${time} not null,
            created_at ${time} not null,
            last_seen_at ${time} not null,
            ends_at ${time} not null,
            ended_at ${time},
            ended_why text,
            device text not null,
            id_token_sealed text,
            refresh_token_sealed text
          ${end}`.execute(db);
        await sql`create index user_session_by_user on user_session (user_id)`.execute(db);
        await sql`create index user_session_by_provider on user_session (issuer, provider_sid)`.execute(db);
        await sql`create index user_session_by_end on user_session (ends_at)`.execute(db);
        await sql`
          create table sign_in (
            state_hash text primary key,
            browser_hash text not null,
            secrets_sealed text not null,
            return_path text not null,
            fresh integer not null,
            created_at ${time} not null,
            ends_at ${time} not null
          ${end}`.execute(db);
        await sql`create index sign_in_by_browser on sign_in (browser_hash)`.execute(db);
        await sql`create index sign_in_by_end on sign_in (ends_at)`.execute(db);
        await sql`
          create table audit_entry (
            id text primary key,
            at ${time} not null,
            kind text not null,
            user_id text not null references user_account (id),
            device text not null
          ${end}`.execute(db);
        await sql`create index audit_entry_by_user on audit_entry (user_id, at)`.execute(db);
        await sql`create index audit_entry_by_time on audit_entry (at)`.execute(db);
        await sql`
          create table saved_places (
            user_id text primary key references user_account (id),
            places text not null,
            changed_at ${time} not null
          ${end}`.execute(db);
      },
    },
    '008-session-browser': {
      async up(db) {
        await sql`alter table user_session add column browser_hash text`.execute(db);
        await sql`create index user_session_by_browser on user_session (browser_hash)`.execute(db);
      },
    },
    '009-access-tokens': {
      async up(db) {
        await sql`alter table user_session add column generation integer not null default 0`.execute(db);
        await sql`alter table user_session add column lease text`.execute(db);
        await sql`alter table user_session add column lease_until ${time}`.execute(db);
        await sql`
          create table access_token (
            session_id text not null references user_session (id) on delete cascade,
            audience text not null,
            scope text not null,
            token_sealed text not null,
            use_until ${time} not null,
            primary key (session_id, audience, scope)
          ${end}`.execute(db);
      },
    },
    '010-provider-logout': {
      async up(db) {
        await sql`
          create table provider_logout (hash text primary key, kept_until ${time} not null ${end}`.execute(
          db,
        );
      },
    },
    '011-email-sign-in': {
      async up(db) {
        await sql`
          create table email_sign_in (
            id text primary key,
            token_hash text not null unique,
            code_tag text not null,
            code_tries integer not null,
            browser_hash text not null,
            address_tag text not null,
            details_sealed text not null,
            return_path text not null,
            created_at ${time} not null,
            ends_at ${time} not null,
            token_sealed text,
            next_attempt_at ${time} not null,
            attempts integer not null,
            unfinished integer not null,
            lease_token text,
            lease_until ${time},
            traceparent text,
            message_sealed text
          ${end}`.execute(db);
        await sql`create index email_sign_in_by_browser on email_sign_in (browser_hash)`.execute(db);
        await sql`create index email_sign_in_by_address on email_sign_in (address_tag)`.execute(db);
        await sql`create index email_sign_in_by_end on email_sign_in (ends_at)`.execute(db);
        await sql`
          create index email_sign_in_due on email_sign_in (next_attempt_at) where token_sealed is not null
        `.execute(db);
      },
    },
    '012-linked-identities': {
      async up(db) {
        await sql`alter table user_identity add column label text`.execute(db);
        await sql`alter table user_session add column subject text`.execute(db);
      },
    },
    '013-jobs': {
      async up(db) {
        await sql`
          create table job (
            id text primary key,
            name text not null,
            input text not null,
            unique_key text,
            status text not null check (status in ('queued', 'running', 'done', 'dead')),
            attempts integer not null,
            unfinished integer not null,
            accepted_at ${time} not null,
            queued_at ${time} not null,
            next_attempt_at ${time} not null,
            lease_token text,
            lease_until ${time},
            finished_at ${time},
            last_error text,
            traceparent text,
            unique (name, unique_key)
          ${end}`.execute(db);
        await sql`create index job_due on job (status, next_attempt_at, accepted_at)`.execute(db);
        await sql`create index job_by_end on job (status, finished_at)`.execute(db);
        await sql`create index job_by_age on job (accepted_at)`.execute(db);
        await sql`
          create table job_schedule (name text primary key, last_due_at ${time} not null ${end}`.execute(db);
      },
    },
    '014-files': {
      async up(db) {
        await sql`
          create table stored_file (
            id text primary key,
            bucket text not null,
            user_id text not null references user_account (id),
            name text not null,
            media_type text not null,
            bytes ${time} not null,
            sha256 text not null,
            status text not null check (status in ('pending', 'storing', 'stored', 'deleted')),
            created_at ${time} not null,
            changed_at ${time} not null
          ${end}`.execute(db);
        await sql`create index stored_file_by_user on stored_file (user_id, bucket, created_at, id)`.execute(
          db,
        );
        await sql`create index stored_file_unfinished on stored_file (changed_at) where status <> 'stored'`.execute(
          db,
        );
      },
    },
    '015-inbox-read': {
      async up(db) {
        await sql`alter table inbox add column read_at ${time}`.execute(db);
      },
    },
  };
};

/** @param migrations by default those of the product */
export function migrationProvider(engine: Engine, migrations = productMigrations): MigrationProvider {
  return { getMigrations: () => Promise.resolve(migrations(dialects[engine])) };
}

/** Names of the tables in which Kysely records the migrations that were executed. */
export const migrationTables = { product: 'kysely_migration', custom: 'custom_migration' } as const;

/**
 * Returns the migrators of the product's tables and of your own. They have separate records: otherwise a migration of a
 * later release would have to follow those that you have added since.
 *
 * @param custom your own migrations
 */
export function migratorsOf(
  db: Queries,
  engine: Engine,
  custom: Migrations = customMigrations,
): readonly Migrator[] {
  return [
    new Migrator({ db, provider: migrationProvider(engine, productMigrations) }),
    new Migrator({
      db,
      provider: migrationProvider(engine, custom),
      migrationTableName: migrationTables.custom,
      migrationLockTableName: 'custom_migration_lock',
    }),
  ];
}

/** Returns whether all migrations of this release were executed. The database may have those of a later one, too. */
export async function isMigrated(migrators: readonly Migrator[]): Promise<boolean> {
  for (const migrator of migrators) {
    const known = await migrator.getMigrations();
    if (!known.every(({ executedAt }) => executedAt)) return false;
  }
  return true;
}

/** @throws the error of the migration that failed */
export async function migrateToLatest(migrators: readonly Migrator[]): Promise<void> {
  for (const migrator of migrators) {
    const known = await migrator.getMigrations();
    if (known.every(({ executedAt }) => executedAt)) continue;
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
  }
}
