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
  secondsToFirstAnswer: Spread;
  processorSecondsToFirstAnswer: Spread;
  residentMegabytes: Spread;
  /** Its share of the processor time that `next start` of this product takes. */
  processorOfNextStart: Spread;
};

/** From the start of the process to the first answer of a tRPC call, one process after the other, in turn. */
export async function measureColdStarts(
  ids: readonly ContenderId[],
  rounds: number,
  folder: string,
): Promise<ColdStartSummary[]> {
  const measured = new Map(ids.map((id) => [id, [] as ColdStart[]]));
  // The first round brings the files into memory.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [id, starts] of measured) {
      const one = await startOnce(id, folder);
      if (round > 0) starts.push(one);
    }
  }
  const processorOf = (starts: readonly ColdStart[] = []) => starts.map(({ processor }) => processor);
  const summaries = [...measured].map(
    ([id, starts]): ColdStartSummary => ({
      contender: contenders[id].name,
      secondsToFirstAnswer: spreadOf(starts.map(({ seconds }) => seconds)),
      processorSecondsToFirstAnswer: spreadOf(processorOf(starts)),
      residentMegabytes: spreadOf(starts.map(({ resident }) => resident)),
      processorOfNextStart: ratios(processorOf(starts), processorOf(measured.get('e'))),
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
    const { path, ...call } = mutation[contender.speaks];
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, call).catch(() => undefined);
      if (answer?.ok) {
        const processor = processorSeconds(pid);
        const seconds = (performance.now() - startedAt) / 1000;
        return { seconds, processor, resident: residentMegabytes(pid) };
      }
      if (child.exitCode !== null || performance.now() - startedAt > 30_000) {
        throw new Error(`${contender.name} did not answer`);
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
    each.secondsToFirstAnswer.median,
    each.processorSecondsToFirstAnswer.median,
    Math.round(each.residentMegabytes.median),
    withSpread(each.processorOfNextStart),
  ]);
  const heads = ['from start to first answer', 's', 'cpu s', 'RSS MB then', 'cpu, of next start'];
  console.log(`\ncold start\n${table(heads, rows)}`);
}
