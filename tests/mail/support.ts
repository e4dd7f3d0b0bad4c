import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, onTestFinished, vi } from 'vitest';
import type { MailDatabase } from '#server/mail/database.ts';
import type { MailEvent } from '#server/mail/events.ts';
import { createMail, type Mail, type MailEnv, type MailOptions } from '#server/mail/mail-service.ts';
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

/** Creates a temporary folder, which is deleted after the test. */
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

/**
 * Creates a mail service without starting it. It is stopped after the test. `lines` collects its log lines, `events` what
 * it counts.
 */
export function testMail(
  env: Partial<MailEnv>,
  timing: Partial<MailTiming> = {},
  options: Pick<MailOptions, 'coordinator'> = {},
): { mail: Mail; lines: string[]; events: MailEvent[] } {
  const lines: string[] = [];
  const events: MailEvent[] = [];
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
    record: (event) => events.push(event),
    ...options,
  });
  onTestFinished(() => mail.stop());
  return { mail, lines, events };
}

export type Engine = 'sqlite' | 'postgres';

/** Runs a suite on each engine. The PostgreSQL suite requires PostgreSQL. */
export function onEachEngine(suite: (engine: Engine) => void): void {
  describe('on sqlite', () => suite('sqlite'));
  describeWith('postgres')('on postgres', () => suite('postgres'));
}

/** The settings that select the storage of a mail service. */
export type StorageEnv = Pick<MailEnv, 'DATA_DIR' | 'DATABASE_URL'>;

/** @param postgres a new database on this server; a new SQLite file if undefined */
export async function storageEnv(postgres: PostgresServer | undefined): Promise<StorageEnv> {
  return { DATA_DIR: tempDir(), DATABASE_URL: await postgres?.database() };
}

/** Opens the storage of a mail service on a separate connection. */
export async function openStorage({ DATA_DIR, DATABASE_URL }: StorageEnv): Promise<MailDatabase> {
  const log = createLogger({ level: 'silent' });
  const db = await (DATABASE_URL === undefined ? openSqlite(DATA_DIR, log) : openPostgres(DATABASE_URL, log));
  onTestFinished(() => db.close());
  return db;
}

/** A mail storage that a test can open several times. */
export type MailStorage = { open(): Promise<MailDatabase> };

/** Creates a SQLite file, or a database on a running PostgreSQL. */
export async function testStorage(postgres?: PostgresServer): Promise<MailStorage> {
  const env = await storageEnv(postgres);
  return { open: () => openStorage(env) };
}

/** Opens an outbox on a separate connection. */
export async function testOutbox(
  storage: MailStorage,
  options: Partial<OutboxOptions> = {},
): Promise<Outbox> {
  return createOutbox(await storage.open(), { siteUrl: addresses.siteUrl, ...options });
}

/** Simulates the passing of time by moving the mails' times into the past: a database's clock cannot be changed. */
export async function pass({ open }: MailStorage, milliseconds: number): Promise<void> {
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

/** Waits until the check passes; on timeout, rejects with its last error. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}
