import { sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';

const migrations: Record<string, Migration> = {
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
          accepted_at integer not null,
          queued_at integer not null,
          next_attempt_at integer not null,
          lease_token text,
          lease_until integer,
          sent_at integer,
          last_error text
        ) strict`.execute(db);
      await sql`create index mail_due on mail (status, next_attempt_at)`.execute(db);
      await sql`
        create table inbox (
          mail_id text primary key references mail (id),
          received_at integer not null,
          raw text not null
        ) strict`.execute(db);
    },
  },
};

/** Every change of the tables, in the order of their names. A released one is never edited. */
export const migrationProvider: MigrationProvider = {
  getMigrations: () => Promise.resolve(migrations),
};
