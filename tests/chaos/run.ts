import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';
import { auditMails, type MailAudit } from './audit.ts';
import { createFleet } from './fleet.ts';
import { misbehaving, randomSequence } from './misbehaviour.ts';

export type ChaosOptions = {
  DATA_DIR: string;
  /** Selects PostgreSQL. Default: SQLite in `DATA_DIR`. */
  DATABASE_URL?: string | undefined;
  /** Seed of all random decisions. Timing is not reproducible. */
  seed: number;
  /** Kills per series. */
  kills: number;
  /** Mails per kill. */
  burst: number;
  /** Milliseconds during which further series are started. At least one series runs. */
  duration: number;
};

export type ChaosReport = MailAudit & { kills: number; series: number };

const instances = 2;
/** Maximum milliseconds between the first accepted and delivered mails of a burst and the kill. */
const maxDelayBeforeKill = 100;
/** Milliseconds without progress after which a wait ends. */
const stallTimeout = 60_000;

/**
 * Kills processes at random while they accept mails and deliver them over a misbehaving mail server, and audits the
 * mails. A series ends with a recovery: the living processes shut down gracefully, the leases of the killed ones expire,
 * and the remaining mails are delivered. No lease expires within a series, so at most one killed process can have
 * claimed a mail, and the mail is sent at most twice.
 */
export async function runMailChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { DATA_DIR, DATABASE_URL, kills, burst } = options;
  const random = randomSequence(options.seed);
  const smtp = await startSmtpServer(misbehaving(random));
  const log = createLogger({ level: 'silent' });
  const db = await openDatabase({ DATA_DIR, DATABASE_URL }, log);
  const cacheFolder = await mkdtemp(join(tmpdir(), 'typed-bff-compiled-'));
  const fleet = createFleet({
    cacheFolder,
    env: {
      DATA_DIR,
      DATABASE_URL,
      SMTP_URL: smtp.url,
      SITE_URL: 'https://site.example',
      MAIL_TO: 'owner@site.example',
      MAIL_FROM: 'website@site.example',
    },
    timing: { pollInterval: 50, socketTimeout: 5_000, backoffBase: 20, backoffCap: 200 },
  });
  let sent = 0;
  let killed = 0;
  let series = 0;

  function sendBurst(): void {
    for (let n = 0; n < burst; n += 1) {
      sent += 1;
      fleet.send({
        idempotencyKey: `chaos-${sent}`,
        email: 'ada@visitor.example',
        subject: `Number ${sent}`,
        contents: `Line\n.\n${'x'.repeat(Math.floor(random() * 2_000))}`,
      });
    }
  }

  try {
    const endAt = performance.now() + options.duration;
    do {
      series += 1;
      for (let n = 0; n < instances; n += 1) fleet.start();
      for (let n = 0; n < kills; n += 1) {
        const accepted = fleet.accepted.length;
        const delivered = smtp.messages.length;
        sendBurst();
        await waitUntilZero(
          () => Number(fleet.accepted.length === accepted) + Number(smtp.messages.length === delivered),
        );
        await delay(random() * maxDelayBeforeKill);
        if (await fleet.killOne(random)) killed += 1;
        fleet.start();
      }
      await waitUntilZero(() => sent - new Set(fleet.accepted.map(({ key }) => key)).size);
      const codes = await fleet.stop();
      if (codes.some((code) => code !== 0)) throw new Error(`The processes exited with ${codes.join(', ')}.`);
      await expireLeases(db);
      fleet.start();
      await waitUntilZero(() => countUndelivered(db));
      await fleet.stop();
    } while (performance.now() < endAt);
    const audit = await auditMails(db.queries, smtp.messages, fleet.accepted, killed);
    return { ...audit, kills: killed, series };
  } finally {
    await fleet.close();
    await db.close();
    await smtp.close();
    await rm(cacheFolder, { recursive: true, force: true });
  }
}

/** Expires the leases of the killed processes. */
async function expireLeases({ queries }: Database): Promise<void> {
  await queries.updateTable('mail').set({ lease_until: 0 }).where('status', '=', 'sending').execute();
}

async function countUndelivered({ queries }: Database): Promise<number> {
  const rows = await queries
    .selectFrom('mail')
    .select('id')
    .where('status', 'in', ['queued', 'sending'])
    .execute();
  return rows.length;
}

/** Waits until `remaining` returns 0 or stops changing. The audit reports the mails that remain in that case. */
async function waitUntilZero(remaining: () => number | Promise<number>): Promise<void> {
  let last = Number.NaN;
  let deadline = 0;
  for (;;) {
    const now = await remaining();
    if (now === 0) return;
    if (now !== last) deadline = performance.now() + stallTimeout;
    if (performance.now() > deadline) return;
    last = now;
    await delay(20);
  }
}
