import { limits } from '../config/limits.ts';
import type { ClientLimitName, QuotaName } from '../config/rate-limits.ts';
import { AppError } from '../errors.ts';
import type { ConcurrencyLimit } from '../lib/concurrency.ts';
import type { Metrics } from '../metrics.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { bucketOf, type Principal } from '../principal.ts';
import type { RateLimiter } from './rate-limiter.ts';

export type EnforceOptions = {
  principal: Principal;
  /** Gets the state of the bucket, for the rate-limit headers of the response. */
  scope: Pick<RequestScope, 'rateLimits'>;
  rateLimiter: Pick<RateLimiter, 'charge'>;
  metrics: Pick<Metrics, 'rateLimited'>;
};

/**
 * Charges one call, or one step of a sign-in, to the caller's bucket of a limit.
 *
 * @throws AppError `rate_limited`
 */
export async function enforce(
  { principal, scope, rateLimiter, metrics }: EnforceOptions,
  name: ClientLimitName,
): Promise<void> {
  const bucket = bucketOf(principal);
  if (bucket === null) return;
  const state = await rateLimiter.charge(name, bucket);
  scope.rateLimits.set(state.name, state);
  if (state.allowed) return;
  metrics.rateLimited(state.name);
  throw new AppError('rate_limited', { retryAfterSeconds: state.resetSeconds });
}

/**
 * Charges one mail to a quota and counts a rejection, so that the operator notices an exhausted quota.
 *
 * @throws AppError `rate_limited`
 */
export async function enforceQuota(
  {
    rateLimiter,
    metrics,
  }: { rateLimiter: Pick<RateLimiter, 'chargeQuota'>; metrics: EnforceOptions['metrics'] },
  name: QuotaName,
  bucket: string,
): Promise<void> {
  try {
    await rateLimiter.chargeQuota(name, bucket);
  } catch (error) {
    metrics.rateLimited(name);
    throw error;
  }
}

/**
 * Takes one of the client's slots of a shared resource.
 *
 * @returns a function that gives it back
 * @throws AppError `rate_limited`
 */
export function takeShare(shares: ConcurrencyLimit, principal: Principal): () => void {
  const bucket = bucketOf(principal);
  if (bucket === null) return () => undefined;
  const slot = shares.acquire(bucket);
  if (slot.exceeded) {
    throw new AppError('rate_limited', { retryAfterSeconds: limits.upstream.queueRetryAfterSeconds });
  }
  return slot.release;
}
