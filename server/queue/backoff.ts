import { exponentialBackoff } from '../lib/backoff.ts';

/** Milliseconds, except for the factor. */
export type BackoffTiming = { backoffBase: number; backoffFactor: number; backoffCap: number };

/**
 * Exponential backoff with full jitter: a random delay up to base * factor^(failures - 1), at most the cap.
 * Returns whole milliseconds, at least one. `random` is in [0, 1).
 */
export function backoff(failures: number, timing: BackoffTiming, random: () => number = Math.random): number {
  const ceiling = exponentialBackoff(failures, {
    base: timing.backoffBase,
    factor: timing.backoffFactor,
    cap: timing.backoffCap,
  });
  return Math.max(1, Math.round(ceiling * random()));
}
