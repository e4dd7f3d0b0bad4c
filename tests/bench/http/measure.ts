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

/** Every contender that has the scenario, in turn, round after round, after a warm-up. */
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
    await expectAnswer(row.running, scenario, call);
    await warmUp(row.running, call, effort);
  }
  for (let round = 0; round < effort.rounds; round += 1) {
    // Who comes first changes, so that nobody always follows the same one.
    const turn = entries.map((_, index) => entries[(index + round) % entries.length]);
    for (const entry of turn) {
      if (!entry) continue;
      const measured = await load(entry.row.running, entry.call, effort);
      if (measured.requests === 0) {
        throw new Error(`${entry.row.running.contender.name} answered nothing in ${effort.seconds} s`);
      }
      entry.row.rounds.push(measured);
    }
  }
  return entries.map(({ row }) => row);
}

/**
 * Until the code is compiled: by the number of calls and not by time, of which a slow server needs more. A process's
 * first scenario compiles what all of them share. The more code a call runs through, the longer it takes: this product's
 * is as fast as it becomes after 50,000 to 100,000 calls, twice as fast as after 10,000.
 */
async function warmUp(running: Running, call: Call, effort: Effort): Promise<void> {
  const isFirst = !warm.has(running);
  warm.add(running);
  let left = isFirst ? 100_000 : 20_000;
  for (let second = 0; second < (isFirst ? 15 : 4) && left > 0; second += 1) {
    left -= (await load(running, call, { ...effort, seconds: 1 })).requests;
  }
}

const warm = new WeakSet<Running>();

/** @throws Error when the answer is not what the scenario is about: such figures would mean nothing */
export async function expectAnswer(running: Running, { name, says }: Scenario, call: Call): Promise<void> {
  // The second answer counts: the first of a limit or a cache is another one.
  await callOnce(running, call);
  const { status, body } = await callOnce(running, call);
  if (status === call.status && body.includes(says)) return;
  throw new Error(`${running.contender.name}, ${name}: ${status} ${body.slice(0, 300)}`);
}
