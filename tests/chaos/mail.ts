/**
 * `npm run chaos`: accepts and delivers mails on SQLite and on PostgreSQL while processes are killed at random and the
 * mail server misbehaves. Takes about three minutes. Prints the fate of the mails, and exits with 1 when an accepted
 * mail was lost or another guarantee was violated. `--minutes 10` runs longer, `--seed 1` repeats a run.
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
/** Milliseconds per engine. The last series is completed, for which 20 seconds are reserved. */
const duration = (minutes * 60_000) / 2 - 20_000;

console.log(`Seed ${seed}, about ${minutes} minutes.`);
const reports = { SQLite: await onSqlite(duration), PostgreSQL: await onPostgres(duration) };
console.table(
  Object.fromEntries(Object.entries(reports).map(([engine, { violations, ...counts }]) => [engine, counts])),
);
for (const [engine, { violations }] of Object.entries(reports)) {
  for (const violation of violations) console.error(`${engine}: ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}
