import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processorSeconds } from './processes.ts';
import { BenchError } from './tools.ts';

/** Share of one core that other programs may use during a measurement. With more, its figures say little. */
export const maxOtherShare = 0.05;
/** Milliseconds for which the machine is watched before the first measurement. */
const watchTime = 3_000;
/** Clock ticks per second in /proc. */
const ticksPerSecond = 100;

export type Usage = {
  /** Seconds. */
  at: number;
  /** Seconds of processor time of all programs, and time that the host of a virtual machine gave to others. */
  all: number;
  /** Seconds of processor time of this process and its descendants. */
  own: number;
};

export function readUsage(): Usage {
  const [, user, nice, system, , , , , steal] = (
    readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? ''
  ).split(/\s+/);
  // Interrupts belong to no program: those of the loopback connections are caused by the bench.
  const ticks = [user, nice, system, steal].reduce((sum, each) => sum + Number(each ?? 0), 0);
  return {
    at: performance.now() / 1_000,
    all: ticks / ticksPerSecond,
    own: processorSeconds(process.pid),
  };
}

/** Returns the processor time that other programs used between two readings, as a share of one core. */
export function otherShare(before: Usage, after: Usage): number {
  const elapsed = after.at - before.at;
  const others = after.all - before.all - (after.own - before.own);
  return elapsed > 0 ? Math.max(0, others / elapsed) : 0;
}

/** @throws BenchError if other programs use the processor now */
export async function requireQuietMachine(): Promise<void> {
  const before = readUsage();
  await delay(watchTime);
  const share = otherShare(before, readUsage());
  if (share <= maxOtherShare) return;
  throw new BenchError(
    `Other programs use ${percent(share)} of a core. End them, or measure nevertheless with --busy; the figures are then marked.`,
  );
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
