import type { RateLimitClass } from '../config/rate-limits.ts';
import { AppError } from '../errors.ts';
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
 * Charges one call to the caller's bucket of a class.
 *
 * @throws AppError `rate_limited`
 */
export async function enforce(
  { principal, scope, rateLimiter, metrics }: EnforceOptions,
  name: RateLimitClass,
): Promise<void> {
  const bucket = bucketOf(principal);
  if (bucket === null) return;
  const state = await rateLimiter.charge(name, bucket);
  scope.rateLimits.set(state.name, state);
  if (state.allowed) return;
  metrics.rateLimited(state.name);
  throw new AppError('rate_limited', { retryAfterSeconds: state.resetSeconds });
}
