import { limits } from '../config/limits.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { ruleOf, type UpstreamFailure } from './failure.ts';

/** Milliseconds that are added to a wait, because timers may fire early. */
export const timerSlack = 5;
const { retryBackoff, retryBackoffCap, retryRatio, retryReserve } = limits.upstream;

/**
 * Limits retries to a share of the calls, plus a small reserve. Without a limit, retries would multiply the load on an
 * upstream that is already failing.
 */
export class RetryBudget {
  #available: number = retryReserve;

  /** Adds the share of one call. */
  earn(): void {
    this.#available = Math.min(retryReserve, this.#available + retryRatio);
  }

  /** Takes one retry from the budget. @returns false if the budget is exhausted */
  spend(): boolean {
    // Ten additions of 0.1 are slightly less than 1 in floating point.
    if (this.#available < 1 - 1e-9) return false;
    this.#available -= 1;
    return true;
  }
}

/**
 * Returns the backoff before the next attempt: the time that the upstream asked for plus jitter, or else a random time
 * whose upper bound doubles ("full jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param attempts made so far
 * @returns milliseconds; undefined if a retry is useless
 */
export function retryDelay(
  { fault, statedWaitSeconds }: UpstreamFailure,
  attempts: number,
  random: () => number = Math.random,
): number | undefined {
  if (statedWaitSeconds === undefined && !ruleOf(fault).retry) return undefined;
  const jitter = random() * exponentialBackoff(attempts, { base: retryBackoff, cap: retryBackoffCap });
  return statedWaitSeconds === undefined ? jitter : statedWaitSeconds * 1000 + timerSlack + jitter;
}
