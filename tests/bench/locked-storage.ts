/**
 * Latency of calls while another process holds the write lock of the SQLite file, compared with the same load without
 * the lock. A few mails arrive in both cases, and wait for the lock.
 */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { mutation, trpcPost } from './http/calls.ts';
import { start } from './http/contenders.ts';
import { callOnce, load, type Measured, type Target } from './support/load.ts';
import { ratios, type Spread, spreadOf } from './support/statistics.ts';
import { type Cell, table } from './support/table.ts';

/** Milliseconds between two mails. */
const mailInterval = 50;

const mail = trpcPost('email.send', { email: 'visitor@example.org', contents: 'Words of a visitor.' });

export type LockedStorageSummary = {
  /** Microseconds. */
  unlocked: { p50: Spread; p99: Spread };
  locked: { p50: Spread; p99: Spread };
  /** Locked divided by unlocked. */
  ratio: { p50: Spread; p99: Spread };
};

type Options = { rounds: number; seconds: number; connections: number };

export async function measureLockedStorage(options: Options, folder: string): Promise<LockedStorageSummary> {
  const { rounds } = options;
  const unlimited = ['light', 'mail', 'mailSender', 'mailNetwork', 'mailSite'];
  const running = await start('f', {
    folder,
    env: { RATE_LIMITS: unlimited.map((name) => `${name}=900000000/60`).join(',') },
  });
  try {
    // Opens the storage.
    const first = await callOnce(running, mail);
    if (first.status !== 200) throw new Error(`email.send returned ${first.status}: ${first.body}`);
    const database = new Sqlite(join(folder, 'f-data', 'typed-bff.sqlite'));
    const unlocked: Measured[] = [];
    const locked: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      unlocked.push(await measureRound(running, options, folder));
      database.exec('begin immediate');
      locked.push(await measureRound(running, options, folder));
      database.exec('rollback');
    }
    database.close();
    const summary = summarize(unlocked, locked);
    print(summary);
    return summary;
  } finally {
    await running.close();
  }
}

async function measureRound(target: Target, options: Options, folder: string): Promise<Measured> {
  const mails: Promise<unknown>[] = [];
  // Rejected while the file is locked.
  const timer = setInterval(() => mails.push(callOnce(target, mail)), mailInterval);
  try {
    return await load(target, mutation.trpc, { ...options, folder });
  } finally {
    clearInterval(timer);
    await Promise.all(mails);
  }
}

function summarize(unlocked: readonly Measured[], locked: readonly Measured[]): LockedStorageSummary {
  const figures = (rounds: readonly Measured[]) => ({
    p50: rounds.map(({ p50 }) => p50),
    p99: rounds.map(({ p99 }) => p99),
  });
  const [free, busy] = [figures(unlocked), figures(locked)];
  return {
    unlocked: { p50: spreadOf(free.p50), p99: spreadOf(free.p99) },
    locked: { p50: spreadOf(busy.p50), p99: spreadOf(busy.p99) },
    ratio: { p50: ratios(busy.p50, free.p50), p99: ratios(busy.p99, free.p99) },
  };
}

function print({ unlocked, locked, ratio }: LockedStorageSummary): void {
  const row = (name: string, { p50, p99 }: LockedStorageSummary['locked']): Cell[] => [
    name,
    p50.median,
    p99.median,
    p99.low,
    p99.high,
  ];
  const rows = [row('free', unlocked), row('locked', locked), row('ratio', ratio)];
  const heads = ['SQLite file', 'p50 µs', 'p99 µs', 'min', 'max'];
  console.log(
    `\nechoes while another process holds the write lock of the SQLite file\n${table(heads, rows)}`,
  );
}
