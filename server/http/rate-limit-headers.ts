import type { RateLimitState } from '../config/rate-limits.ts';
import type { ResponseHeaders } from './response.ts';

/**
 * Tells the caller where its buckets stand, as draft-ietf-httpapi-ratelimit-headers-11 has it, and when to come
 * back after a refusal.
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
