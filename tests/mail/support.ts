import { onTestFinished, vi } from 'vitest';
import type { MailEvent } from '#server/mail/events.ts';
import { createMail, type Mail, type MailEnv, type MailOptions } from '#server/mail/mail-service.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '#server/mail/outbox.ts';
import { type MailTiming, mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { createLazyDatabase, type LazyDatabase } from '#server/storage/lazy-database.ts';
import { openStorage, type StorageEnv, storageEnv, tempDir } from '#tests/support/databases.ts';
import type { PostgresServer } from '#tests/support/postgres.ts';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

export {
  onEachEngine,
  openStorage,
  type StorageEnv,
  storageEnv,
  tempDir,
} from '#tests/support/databases.ts';

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

/** Names of the headers of every mail, sorted. */
export const messageHeaders = [
  'auto-submitted',
  'content-type',
  'date',
  'from',
  'message-id',
  'mime-version',
  'reply-to',
  'subject',
  'to',
];

/** Characters that a header must not show: line breaks, controls and bidi characters. */
export const invisible = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

export async function testSmtpServer(script?: SmtpScript, port?: number): Promise<TestSmtpServer> {
  const server = await startSmtpServer(script, port);
  onTestFinished(() => server.close());
  return server;
}

/** A mail service with the database that it uses, as in `services.ts`. */
export type TestMail = Mail & Pick<LazyDatabase, 'check'> & { stop(): Promise<void> };

/**
 * Creates a mail service without starting it. It is stopped after the test. `lines` collects its log lines, `events` what
 * it counts.
 */
export function testMail(
  env: Partial<MailEnv & StorageEnv>,
  timing: Partial<MailTiming> = {},
  options: Pick<MailOptions, 'coordinator'> = {},
): { mail: TestMail; lines: string[]; events: MailEvent[] } {
  const lines: string[] = [];
  const events: MailEvent[] = [];
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } });
  const database = createLazyDatabase({
    env: { DATA_DIR: env.DATA_DIR ?? tempDir(), DATABASE_URL: env.DATABASE_URL },
    log,
  });
  const mail = createMail({
    env: {
      NODE_ENV: 'production',
      DEMO: false,
      SITE_URL: addresses.siteUrl,
      MAIL_TO: addresses.to,
      MAIL_FROM: addresses.from,
      ...env,
    },
    log,
    database,
    timing: { ...mailTiming, pollInterval: 10, backoffBase: 1, backoffCap: 20, ...timing },
    record: (event) => events.push(event),
    ...options,
  });
  async function stop(): Promise<void> {
    await mail.pause();
    await database.close();
  }
  onTestFinished(stop);
  return { mail: { ...mail, check: database.check, stop }, lines, events };
}

/** A database that a test can open several times. */
export type TestStorage = { open(): Promise<Database> };

/** Creates a SQLite file, or a database on a running PostgreSQL. */
export async function testStorage(postgres?: PostgresServer): Promise<TestStorage> {
  const env = await storageEnv(postgres);
  return { open: () => openStorage(env) };
}

/** Opens an outbox on a separate connection. */
export async function testOutbox(
  storage: TestStorage,
  options: Partial<OutboxOptions> = {},
): Promise<Outbox> {
  return createOutbox(await storage.open(), { siteUrl: addresses.siteUrl, ...options });
}

/** Simulates the passing of time by moving the mails' times into the past: a database's clock cannot be changed. */
export async function pass({ open }: TestStorage, milliseconds: number): Promise<void> {
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
