import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { createLogger } from '#server/log.ts';
import { openDatabase } from '#server/mail/database.ts';
import { createMail, type Mail, type MailEnv } from '#server/mail/mail.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '#server/mail/outbox.ts';
import { type MailTiming, mailTiming } from '#server/mail/timing.ts';
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

/** An outbox on a database of its own connection. */
export async function testOutbox(dir: string, options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  const db = await openDatabase(dir);
  onTestFinished(() => db.destroy());
  return createOutbox(db, { siteUrl: addresses.siteUrl, ...options });
}

/** Waits until the check passes; its last failure is the test's. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}
