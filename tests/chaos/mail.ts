/**
 * `npm run chaos`: accepts and delivers mails on SQLite and on PostgreSQL while processes are killed at random and
 * the mail server misbehaves, about three minutes in all, and prints what became of the mails. Ends with 1 when
 * one that was accepted was lost or a promise was broken. `--minutes 10` for longer, `--seed 1` to repeat a run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startPostgres } from '#tests/support/postgres.ts';
import { type ChaosReport, runMailChaos } from './run.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = z.coerce
  .number()
  .positive()
  .max(120)
  .parse(values.minutes ?? 3);
const seed = z.coerce
  .number()
  .int()
  .parse(values.seed ?? Date.now() % 100_000);

async function onSqlite(duration: number): Promise<ChaosReport> {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'typed-bff-chaos-'));
  try {
    return await runMailChaos({ ...load, DATA_DIR, duration });
  } finally {
    await rm(DATA_DIR, { recursive: true, force: true });
  }
}

async function onPostgres(duration: number): Promise<ChaosReport> {
  const postgres = await startPostgres();
  try {
    return await runMailChaos({ ...load, DATABASE_URL: await postgres.database(), DATA_DIR: '', duration });
  } finally {
    await postgres.close();
  }
}

const load = { seed, kills: 20, burst: 12 };
/** A series that was begun is brought to its end, which takes a while too. */
const duration = (minutes * 60_000) / 2 - 20_000;

console.log(`Seed ${seed}, about ${minutes} minutes.`);
const reports = { SQLite: await onSqlite(duration), PostgreSQL: await onPostgres(duration) };
console.table(
  Object.fromEntries(Object.entries(reports).map(([engine, { broken, ...counts }]) => [engine, counts])),
);
for (const [engine, { broken }] of Object.entries(reports)) {
  for (const each of broken) console.error(`${engine}: ${each}`);
  if (broken.length > 0) process.exitCode = 1;
}
