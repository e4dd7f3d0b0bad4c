import { type Call, callOnce, load, type Measured } from '../support/load.ts';
import type { Running } from './contenders.ts';
import type { Scenario } from './scenarios.ts';

export type Row = { scenario: string; running: Running; rounds: Measured[] };

export type Effort = {
  /** Seconds of one measurement. */
  seconds: number;
  rounds: number;
  connections: number;
  folder: string;
};

/** Measures every contender that supports the scenario, in turn and round by round, after a warm-up. */
export async function measureScenario(
  scenario: Scenario,
  running: readonly Running[],
  effort: Effort,
): Promise<Row[]> {
  const entries = running.flatMap((each) => {
    const call = scenario.callOf(each.id, each.contender);
    return call ? [{ call, row: { scenario: scenario.name, running: each, rounds: [] as Measured[] } }] : [];
  });
  for (const { call, row } of entries) {
    await expectResponse(row.running, scenario, call);
    await warmUp(row.running, call, effort);
  }
  for (let round = 0; round < effort.rounds; round += 1) {
    // The order rotates, so that no contender is always measured first.
    const rotated = entries.map((_, index) => entries[(index + round) % entries.length]);
    for (const entry of rotated) {
      if (!entry) continue;
      const measured = await load(entry.row.running, entry.call, effort);
      if (measured.requests === 0) {
        throw new Error(`${entry.row.running.contender.name} completed no request in ${effort.seconds} s`);
      }
      entry.row.rounds.push(measured);
    }
  }
  return entries.map(({ row }) => row);
}

/**
 * Runs calls until the code is optimised. Counts calls rather than seconds, because a slow server needs more time for
 * the same number. The first scenario of a process also compiles the code shared by all scenarios. The more code a call
 * runs through, the longer the warm-up: this product reaches full speed after 50,000 to 100,000 calls, when it is twice
 * as fast as after 10,000.
 */
async function warmUp(running: Running, call: Call, effort: Effort): Promise<void> {
  const isFirst = !warmedUp.has(running);
  warmedUp.add(running);
  let left = isFirst ? 100_000 : 20_000;
  for (let second = 0; second < (isFirst ? 15 : 4) && left > 0; second += 1) {
    left -= (await load(running, call, { ...effort, seconds: 1 })).requests;
  }
}

const warmedUp = new WeakSet<Running>();

/** @throws Error when the response is not the one that the scenario measures: its figures would be meaningless */
export async function expectResponse(
  running: Running,
  { name, expected }: Scenario,
  call: Call,
): Promise<void> {
  // The second response counts: with a limit or a cache the first one differs.
  await callOnce(running, call);
  const { status, body } = await callOnce(running, call);
  if (status === call.status && body.includes(expected)) return;
  throw new Error(`${running.contender.name}, ${name}: ${status} ${body.slice(0, 300)}`);
}
