import { limits } from '../config/limits.ts';
import { ruleOf, type UpstreamFailure } from './failure.ts';

/** A timer may end a moment early. Milliseconds. */
export const timerSlack = 5;
const { retryBackoff, retryBackoffCap, retryShare, retryReserve } = limits.upstream;

/**
 * What retries may cost an upstream: a share of the calls it gets, and a few more. When everything fails, retries
 * would otherwise multiply the load on what is already failing.
 */
export class RetryBudget {
  #left: number = retryReserve;

  /** A call was made, which pays for a part of a retry. */
  earn(): void {
    this.#left = Math.min(retryReserve, this.#left + retryShare);
  }

  /** @returns whether there was something left to spend */
  spend(): boolean {
    // A share that was added ten times is not quite a whole.
    if (this.#left < 1 - 1e-9) return false;
    this.#left -= 1;
    return true;
  }
}

/**
 * How long to wait before a call is tried again: what the upstream asks for, else a random time whose bound
 * doubles ("full jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param tries made so far
 * @returns milliseconds; undefined when another try is of no use
 */
export function retryDelay(
  { fault, retryAfterSeconds }: UpstreamFailure,
  tries: number,
  random: () => number = Math.random,
): number | undefined {
  const asked = retryAfterSeconds !== undefined && (fault === 'throttled' || fault === 'unavailable');
  if (!asked && !ruleOf(fault).retry) return undefined;
  const jitter = random() * Math.min(retryBackoffCap, retryBackoff * 2 ** (tries - 1));
  return asked ? retryAfterSeconds * 1000 + timerSlack + jitter : jitter;
}
