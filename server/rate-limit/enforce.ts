import { AppError } from '../errors.ts';
import { bucketOf } from '../principal.ts';
import type { Context } from '../trpc/context.ts';
import type { RateLimitClass } from '../trpc/procedure-meta.ts';

/**
 * Charges one call to the caller's bucket of a class.
 *
 * @throws AppError `rate_limited`
 */
export async function enforce(
  {
    principal,
    services,
    scope,
  }: Pick<Context, 'principal' | 'scope'> & {
    services: Pick<Context['services'], 'rateLimiter' | 'metrics'>;
  },
  name: RateLimitClass,
): Promise<void> {
  const bucket = bucketOf(principal);
  if (bucket === null) return;
  const state = await services.rateLimiter.charge(name, bucket);
  scope.rateLimits.set(state.name, state);
  if (state.allowed) return;
  services.metrics.rateLimited(state.name);
  throw new AppError('rate_limited', { retryAfterSeconds: state.resetSeconds });
}
