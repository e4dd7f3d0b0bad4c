import type { RateLimitState } from '../config/rate-limits.ts';
import type { ResponseHeaders } from './response.ts';

/**
 * Sets the headers of draft-ietf-httpapi-ratelimit-headers-11 for the caller's buckets, and Retry-After if one of them
 * rejected a call.
 */
export function setRateLimitHeaders(headers: ResponseHeaders, states: Iterable<RateLimitState>): void {
  const policies: string[] = [];
  const buckets: string[] = [];
  let retryAfter = 0;
  for (const { name, points, windowSeconds, allowed, remaining, resetSeconds } of states) {
    policies.push(`"${name}";q=${points};w=${windowSeconds}`);
    buckets.push(`"${name}";r=${remaining};t=${resetSeconds}`);
    if (!allowed) retryAfter = Math.max(retryAfter, resetSeconds);
  }
  if (policies.length === 0) return;
  headers['ratelimit-policy'] = policies.join(', ');
  headers.ratelimit = buckets.join(', ');
  if (retryAfter > 0) headers['retry-after'] = String(retryAfter);
}
