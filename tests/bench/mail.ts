/**
 * Cost of enqueuing and delivering a mail on each engine: from the call to the receipt, which follows COMMIT, and from
 * the first claim to the last outcome with a transport that costs nothing.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { createLogger } from '#server/observability/log.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { quantile } from './support/statistics.ts';
import { type Cell, table } from './support/table.ts';

const mails = 2_000;
const callerCounts = [1, 16] as const;

export type MailSummary = {
  engine: string;
  enqueue: { callers: number; perSecond: number; p50Milliseconds: number; p99Milliseconds: number }[];
  deliveredPerSecond: number;
};

export async function measureMail(folder: string): Promise<MailSummary[]> {
  const sqlite = await measureEngine('SQLite', { DATA_DIR: mkdtempSync(join(folder, 'mail-')) });
  const server = await startPostgres();
  try {
    const postgres = await measureEngine('PostgreSQL', {
      DATA_DIR: folder,
      DATABASE_URL: await server.database(),
    });
    const summaries = [sqlite, postgres];
    print(summaries);
    return summaries;
  } finally {
    await server.close();
  }
}

async function measureEngine(
  engine: string,
  env: { DATA_DIR: string; DATABASE_URL?: string },
): Promise<MailSummary> {
  const db = await openDatabase({ DATABASE_URL: undefined, ...env }, createLogger({ level: 'silent' }));
  try {
    const outbox = createOutbox(db, { siteUrl: 'https://bench.example' });
    await enqueue(outbox, 200, 4);
    const results: MailSummary['enqueue'] = [];
    for (const callers of callerCounts) {
      const startedAt = performance.now();
      const times = await enqueue(outbox, mails, callers);
      results.push({
        callers,
        perSecond: mails / ((performance.now() - startedAt) / 1000),
        p50Milliseconds: quantile(times, 0.5),
        p99Milliseconds: quantile(times, 0.99),
      });
    }
    return { engine, enqueue: results, deliveredPerSecond: await deliverAll(outbox) };
  } finally {
    await db.close();
  }
}

/** Enqueues mails from concurrent callers and returns the milliseconds that each call took. */
async function enqueue(outbox: Outbox, total: number, callers: number): Promise<number[]> {
  const times: number[] = [];
  let left = total;
  async function caller(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await outbox.enqueue({
        email: 'visitor@example.org',
        name: 'A visitor',
        subject: 'A question',
        contents: 'Words of a visitor. '.repeat(20),
        idempotencyKey: crypto.randomUUID(),
      });
      times.push(performance.now() - startedAt);
    }
  }
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

/** Claims and completes all mails one after the other, as the dispatcher does, and returns the mails per second. */
async function deliverAll(outbox: Outbox): Promise<number> {
  const startedAt = performance.now();
  let delivered = 0;
  while (delivered < mails) {
    const mail = await outbox.claim();
    if (!mail) break;
    await outbox.complete(mail.id, mail.token);
    delivered += 1;
  }
  if (delivered < mails) throw new Error(`only ${delivered} of ${mails} mails could be claimed`);
  return delivered / ((performance.now() - startedAt) / 1000);
}

function print(summaries: readonly MailSummary[]): void {
  const rows = summaries.flatMap(({ engine, enqueue: measurements, deliveredPerSecond }) =>
    measurements.map((each, index): Cell[] => [
      index === 0 ? engine : '',
      each.callers,
      Math.round(each.perSecond),
      each.p50Milliseconds,
      each.p99Milliseconds,
      index === 0 ? Math.round(deliveredPerSecond) : undefined,
    ]),
  );
  const heads = ['mail', 'callers', 'accepted/s', 'p50 ms', 'p99 ms', 'delivered/s'];
  console.log(`\noutbox, each mail stored durably before its receipt\n${table(heads, rows)}`);
}
