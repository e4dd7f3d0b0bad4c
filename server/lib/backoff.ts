type BackoffOptions = {
  /** Backoff before the first retry. */
  base: number;
  /** Multiplies the backoff before each further retry. */
  factor?: number;
  cap: number;
};

/**
 * Returns the exponential backoff before a retry, in the unit of `base`. For full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), multiply it by a random number.
 *
 * @param retry 1 for the first retry
 */
export function exponentialBackoff(retry: number, { base, factor = 2, cap }: BackoffOptions): number {
  return Math.min(cap, base * factor ** (retry - 1));
}
