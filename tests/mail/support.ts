import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished, vi } from 'vitest';
import type { MailDatabase } from '#server/mail/database.ts';
import { createMail, type Mail, type MailEnv } from '#server/mail/mail-service.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '#server/mail/outbox.ts';
import { openPostgres } from '#server/mail/postgres.ts';
import { openSqlite } from '#server/mail/sqlite.ts';
import { type MailTiming, mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import type { PostgresServer } from '#tests/support/postgres.ts';
import { describeWith } from '#tests/support/skip.ts';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

export const addresses = {
  from: 'website@site.example',
  to: 'owner@site.example',
  siteUrl: 'https://site.example',
};

export const draft = {
  email: 'ada@visitor.example',
  name: 'Ada Lovelace',
  subject: 'A question',
  contents: 'Hello,\nhow are you?',
};

/** A folder of its own for the running test. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'typed-bff-mail-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function testSmtpServer(script?: SmtpScript, port?: number): Promise<TestSmtpServer> {
  const server = await startSmtpServer(script, port);
  onTestFinished(() => server.close());
  return server;
}

/** A mail service that closes with the test. It is not started. `lines` is what it logged. */
export function testMail(
  env: Partial<MailEnv>,
  timing: Partial<MailTiming> = {},
): { mail: Mail; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } });
  const mail = createMail({
    env: {
      NODE_ENV: 'production',
      DEMO: false,
      DATA_DIR: env.DATA_DIR ?? tempDir(),
      DATABASE_URL: undefined,
      SITE_URL: addresses.siteUrl,
      MAIL_TO: addresses.to,
      MAIL_FROM: addresses.from,
      ...env,
    },
    log,
    timing: { ...mailTiming, pollInterval: 10, backoffBase: 1, backoffCap: 20, ...timing },
  });
  onTestFinished(() => mail.stop());
  return { mail, lines };
}

export type Engine = 'sqlite' | 'postgres';

/** A suite for each engine; the one on PostgreSQL is skipped without PostgreSQL. */
export function onEachEngine(suite: (engine: Engine) => void): void {
  describe('on sqlite', () => suite('sqlite'));
  describeWith('postgres')('on postgres', () => suite('postgres'));
}

/** What makes a mail service keep its mails on an engine, in a place of their own. */
export type StorageEnv = Pick<MailEnv, 'DATA_DIR' | 'DATABASE_URL'>;

/** @param postgres without it SQLite */
export async function storageEnv(postgres: PostgresServer | undefined): Promise<StorageEnv> {
  return { DATA_DIR: tempDir(), DATABASE_URL: await postgres?.database() };
}

/** The storage of such a service, opened beside it. */
export async function openStorage({ DATA_DIR, DATABASE_URL }: StorageEnv): Promise<MailDatabase> {
  const log = createLogger({ level: 'silent' });
  const db = await (DATABASE_URL === undefined ? openSqlite(DATA_DIR) : openPostgres(DATABASE_URL, log));
  onTestFinished(() => db.close());
  return db;
}

/** A place for mails, with as many connections as a test opens. */
export type MailPlace = { open(): Promise<MailDatabase> };

/** A SQLite file of its own, or a database of a PostgreSQL that runs. */
export async function testPlace(postgres?: PostgresServer): Promise<MailPlace> {
  const env = await storageEnv(postgres);
  return { open: () => openStorage(env) };
}

/** An outbox on a connection of its own. */
export async function testOutbox(place: MailPlace, options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  return createOutbox(await place.open(), { siteUrl: addresses.siteUrl, ...options });
}

/** Lets time pass for the mails: the times they hold move into the past. A database's clock cannot be moved. */
export async function pass({ open }: MailPlace, milliseconds: number): Promise<void> {
  const { queries } = await open();
  await queries
    .updateTable('mail')
    .set((eb) => ({
      next_attempt_at: eb('next_attempt_at', '-', milliseconds),
      queued_at: eb('queued_at', '-', milliseconds),
      lease_until: eb('lease_until', '-', milliseconds),
      sent_at: eb('sent_at', '-', milliseconds),
    }))
    .execute();
}

/** Waits until the check passes; its last failure is the test's. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}
