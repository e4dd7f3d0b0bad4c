import { limits } from '../config/limits.ts';
import { exponentialBackoff } from '../lib/backoff.ts';

const { restartBackoff, restartBackoffCap, stableAfter } = limits.cluster;

/** Creates the backoff before a replacement is started: zero at first, then exponential while workers exit early. */
export function createRestartBackoff() {
  let earlyExits = 0;
  /** @param lifetime of the worker that exited, in milliseconds */
  return (lifetime: number): number => {
    earlyExits = lifetime < stableAfter ? earlyExits + 1 : 1;
    if (earlyExits === 1) return 0;
    return exponentialBackoff(earlyExits - 1, { base: restartBackoff, cap: restartBackoffCap });
  };
}
