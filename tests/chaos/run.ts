import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MailDatabase } from '#server/mail/database.ts';
import { openMailDatabase } from '#server/mail/mail-service.ts';
import { createLogger } from '#server/observability/log.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';
import { type Account, account } from './account.ts';
import { createFleet } from './fleet.ts';
import { misbehaving, randomSequence } from './misbehaviour.ts';

export type ChaosOptions = {
  DATA_DIR: string;
  /** With it the mails are in PostgreSQL, else in SQLite. */
  DATABASE_URL?: string | undefined;
  /** Of all that is left to chance but time. */
  seed: number;
  /** Kills in each series. */
  kills: number;
  /** Mails for each kill. */
  burst: number;
  /** Further series are begun for so long, in milliseconds; there is always one. */
  duration: number;
};

export type ChaosReport = Account & { kills: number; series: number };

const instances = 2;
/** The longest time from when mails are both taken and delivered to the kill, in milliseconds. */
const longestLife = 100;
/** How long nothing may happen while something is waited for, in milliseconds. */
const patience = 60_000;

/**
 * Kills processes at random while they take and deliver mails, over a mail server that misbehaves, and counts what
 * became of the mails. A series ends with what a system does after trouble: those that live stop in an orderly way,
 * the leases of those that were killed run out, and what is left is delivered. Within a series no lease runs out,
 * so a mail can be in the hands of one killed process at most, and is taken twice at most.
 */
export async function runMailChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { DATA_DIR, DATABASE_URL, kills, burst } = options;
  const random = randomSequence(options.seed);
  const smtp = await startSmtpServer(misbehaving(random));
  const log = createLogger({ level: 'silent' });
  const db = await openMailDatabase({ DATA_DIR, DATABASE_URL }, log);
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
  let given = 0;
  let killed = 0;
  let series = 0;

  function giveBurst(): void {
    for (let n = 0; n < burst; n += 1) {
      given += 1;
      fleet.give({
        idempotencyKey: `chaos-${given}`,
        email: 'ada@visitor.example',
        subject: `Number ${given}`,
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
        const taken = fleet.accepted.length;
        const delivered = smtp.messages.length;
        giveBurst();
        await untilNone(
          () => Number(fleet.accepted.length === taken) + Number(smtp.messages.length === delivered),
        );
        await delay(random() * longestLife);
        if (await fleet.killOne(random)) killed += 1;
        fleet.start();
      }
      await untilNone(() => given - new Set(fleet.accepted.map(({ key }) => key)).size);
      const codes = await fleet.stop();
      if (codes.some((code) => code !== 0)) throw new Error(`A process stopped with ${codes.join(', ')}.`);
      await endLeases(db);
      fleet.start();
      await untilNone(() => onTheirWay(db));
      await fleet.stop();
    } while (performance.now() < endAt);
    const result = await account(db.queries, smtp.messages, fleet.accepted, killed);
    return { ...result, kills: killed, series };
  } finally {
    await fleet.close();
    await db.close();
    await smtp.close();
    await rm(cacheFolder, { recursive: true, force: true });
  }
}

/** The time passes for which the killed processes own their mails. */
async function endLeases({ queries }: MailDatabase): Promise<void> {
  await queries.updateTable('mail').set({ lease_until: 0 }).where('status', '=', 'sending').execute();
}

async function onTheirWay({ queries }: MailDatabase): Promise<number> {
  const rows = await queries
    .selectFrom('mail')
    .select('id')
    .where('status', 'in', ['queued', 'sending'])
    .execute();
  return rows.length;
}

/** Waits until nothing remains; what still does when nothing has changed for long is found by the count. */
async function untilNone(remaining: () => number | Promise<number>): Promise<void> {
  let last = Number.NaN;
  let giveUpAt = 0;
  for (;;) {
    const now = await remaining();
    if (now === 0) return;
    if (now !== last) giveUpAt = performance.now() + patience;
    if (performance.now() > giveUpAt) return;
    last = now;
    await delay(20);
  }
}
