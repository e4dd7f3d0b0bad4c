import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#tests/support/product.ts';
import { serverCore, spawnPinned, stop } from '../support/pinned.ts';
import { processorSeconds, residentMegabytes } from '../support/processes.ts';
import { ratios, type Spread, spreadOf } from '../support/statistics.ts';
import { type Cell, table } from '../support/table.ts';
import { mutation } from './calls.ts';
import { type ContenderId, contenders, productEnv } from './contenders.ts';
import { withSpread } from './report.ts';

type ColdStart = { seconds: number; processor: number; resident: number };

export type ColdStartSummary = {
  contender: string;
  secondsToFirstResponse: Spread;
  processorSecondsToFirstResponse: Spread;
  residentMegabytes: Spread;
  /** Processor time relative to `next start` of this product. */
  processorVsNextStart: Spread;
};

/** Measures from process start to the first response to a tRPC call, one process at a time, contenders in turn. */
export async function measureColdStarts(
  ids: readonly ContenderId[],
  rounds: number,
  folder: string,
): Promise<ColdStartSummary[]> {
  const measured = new Map(ids.map((id) => [id, [] as ColdStart[]]));
  // The first round loads the files into the page cache.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [id, starts] of measured) {
      const coldStart = await startOnce(id, folder);
      if (round > 0) starts.push(coldStart);
    }
  }
  const processorOf = (starts: readonly ColdStart[] = []) => starts.map(({ processor }) => processor);
  const summaries = [...measured].map(
    ([id, starts]): ColdStartSummary => ({
      contender: contenders[id].name,
      secondsToFirstResponse: spreadOf(starts.map(({ seconds }) => seconds)),
      processorSecondsToFirstResponse: spreadOf(processorOf(starts)),
      residentMegabytes: spreadOf(starts.map(({ resident }) => resident)),
      processorVsNextStart: ratios(processorOf(starts), processorOf(measured.get('e'))),
    }),
  );
  print(summaries);
  return summaries;
}

async function startOnce(id: ContenderId, folder: string): Promise<ColdStart> {
  const contender = contenders[id];
  const port = await freePort();
  const data = join(folder, `${id}-cold`);
  mkdirSync(data, { recursive: true });
  const startedAt = performance.now();
  const child = spawnPinned(serverCore, contender.command(port), {
    log: join(folder, `${id}-cold.log`),
    env: {
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: String(port),
      WEB_CONCURRENCY: '1',
      DATA_DIR: data,
      ...productEnv,
    },
  });
  const pid = child.pid ?? 0;
  try {
    const { path, ...call } = mutation[contender.protocol];
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, call).catch(() => undefined);
      if (response?.ok) {
        const processor = processorSeconds(pid);
        const seconds = (performance.now() - startedAt) / 1000;
        return { seconds, processor, resident: residentMegabytes(pid) };
      }
      if (child.exitCode !== null || performance.now() - startedAt > 30_000) {
        throw new Error(`${contender.name} did not respond`);
      }
      await pause(5);
    }
  } finally {
    await stop(child);
  }
}

function print(summaries: readonly ColdStartSummary[]): void {
  const rows = summaries.map((each): Cell[] => [
    each.contender,
    each.secondsToFirstResponse.median,
    each.processorSecondsToFirstResponse.median,
    Math.round(each.residentMegabytes.median),
    withSpread(each.processorVsNextStart),
  ]);
  const heads = ['from start to first response', 's', 'cpu s', 'RSS MB', 'cpu vs next start'];
  console.log(`\ncold start\n${table(heads, rows)}`);
}
