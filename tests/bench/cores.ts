import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#tests/support/product.ts';
import { mutation } from './http/calls.ts';
import { contenders, productEnv } from './http/contenders.ts';
import { withSpread } from './http/report.ts';
import { load } from './support/load.ts';
import { callerCore, serverCore, stop, waitForResponse } from './support/pinned.ts';
import { ratios, type Spread, spreadOf } from './support/statistics.ts';
import { type Cell, table } from './support/table.ts';

export type CoresSummary = { workers: number; requestsPerSecond: Spread; relativeToOneWorker: Spread };

/** The load generator shares one of these cores, so two workers reach less than twice the throughput of one. */
const cores = [serverCore, callerCore];

/** Compares one worker with two, on two cores. */
export async function measureCores(
  effort: { rounds: number; seconds: number; connections: number },
  folder: string,
): Promise<CoresSummary[]> {
  const counts = [1, cores.length];
  const running = await Promise.all(counts.map((workers) => startWith(workers, folder)));
  const perSecond: number[][] = counts.map(() => []);
  try {
    // The first round is a warm-up.
    for (let round = 0; round <= effort.rounds; round += 1) {
      for (const [index, { target }] of running.entries()) {
        const measured = await load(target, mutation.trpc, {
          ...effort,
          seconds: round === 0 ? 10 : effort.seconds,
          folder,
        });
        if (round > 0) perSecond[index]?.push(measured.perSecond);
      }
    }
  } finally {
    await Promise.all(running.map(({ child }) => stop(child)));
  }
  const summaries = counts.map((workers, index) => ({
    workers,
    requestsPerSecond: spreadOf(perSecond[index] ?? []),
    relativeToOneWorker: ratios(perSecond[index] ?? [], perSecond[0] ?? []),
  }));
  const rows = summaries.map((each): Cell[] => [
    each.workers,
    Math.round(each.requestsPerSecond.median),
    withSpread(each.relativeToOneWorker),
  ]);
  console.log(`\nworkers, a mutation\n${table(['workers', 'req/s', 'vs one worker'], rows)}`);
  return summaries;
}

async function startWith(
  workers: number,
  folder: string,
): Promise<{ child: ChildProcess; target: { baseUrl: string; pid: number } }> {
  const port = await freePort();
  const log = join(folder, `workers-${workers}.log`);
  const file = openSync(log, 'a');
  // This process is pinned to one core, and children inherit that affinity.
  const child = spawn('taskset', ['--cpu-list', cores.join(), ...contenders.f.command(port)], {
    stdio: ['ignore', file, file],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      WEB_CONCURRENCY: String(workers),
      DATA_DIR: join(folder, `workers-${workers}`),
      ...productEnv,
    },
  });
  closeSync(file);
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitForResponse(`${baseUrl}/readyz`, child, log);
  return { child, target: { baseUrl, pid: child.pid ?? 0 } };
}
