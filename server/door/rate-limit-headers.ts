import type { RateLimitState } from '../rate-limit-state.ts';
import type { AnswerHeaders } from './answer.ts';

/**
 * Tells the caller where its buckets stand, as draft-ietf-httpapi-ratelimit-headers-11 has it, and when to come
 * back after a refusal.
 */
export function setRateLimitHeaders(headers: AnswerHeaders, states: Iterable<RateLimitState>): void {
  const all = [...states];
  if (all.length === 0) return;
  headers['ratelimit-policy'] = all
    .map(({ name, points, windowSeconds }) => `"${name}";q=${points};w=${windowSeconds}`)
    .join(', ');
  headers.ratelimit = all
    .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
    .join(', ');
  const refused = all.filter(({ allowed }) => !allowed);
  if (refused.length > 0) {
    headers['retry-after'] = String(Math.max(...refused.map(({ resetSeconds }) => resetSeconds)));
  }
}
