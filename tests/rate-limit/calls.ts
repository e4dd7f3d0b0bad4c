import superjson from 'superjson';
import { expect } from 'vitest';
import { z } from 'zod';
import type { RateLimitClass } from '#server/trpc/procedure-meta.ts';
import { readEnvelope, readResult } from '#tests/product/call.ts';

type Served = { baseUrl: string };
type Headers = Record<string, string>;

/** Small enough to run into, long enough that no window ends within a test. */
export const smallLimits = 'light=5/60,upstream=3/60,mail=2/3600';

let visitors = 0;

/**
 * Someone who has not called before, as a proxy in front says it: for products with TRUSTED_PROXY_HOPS=1. Each
 * test has its own, so that no test finds a bucket that another has used.
 */
export function newVisitor(): Headers {
  visitors += 1;
  return { 'x-forwarded-for': `198.18.${visitors >> 8}.${visitors & 0xff}` };
}

/** Refused for its input wherever it is called, so that nothing but the charge is left of it. */
export const invalidPlaces = { path: 'weather.places', input: { name: 1 } } as const;

/** Several calls in one POST. */
export function batch(
  { baseUrl }: Served,
  calls: readonly { path: string; input?: unknown }[],
  headers: Headers = {},
): Promise<Response> {
  return fetch(`${baseUrl}/api/trpc/${calls.map(({ path }) => path).join(',')}?batch=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(
      Object.fromEntries(calls.map(({ input }, index) => [index, superjson.serialize(input)])),
    ),
  });
}

/** What became of each call of a batch: its data, or the reason why there is none. */
export async function outcomesOf(response: Response): Promise<unknown[]> {
  return z
    .array(z.looseObject({}))
    .parse(await response.json())
    .map((answer) => ('error' in answer ? readEnvelope(answer).data.reason : readResult(answer)));
}

/** What an answer tells of limits. */
export function limitHeadersOf({ headers }: Response) {
  return {
    policy: headers.get('ratelimit-policy'),
    state: headers.get('ratelimit'),
    retryAfter: headers.get('retry-after'),
  };
}

/** What is left in the bucket of a class; an answer without it fails the test. */
export function remainingOf(response: Response, name: RateLimitClass): number {
  const { state } = limitHeadersOf(response);
  const [, remaining] = new RegExp(`(?:^|, )"${name}";r=(\\d+);t=\\d+(?:,|$)`).exec(state ?? '') ?? [];
  expect(remaining, `remaining of ${name} in RateLimit: ${state}`).toBeDefined();
  return Number(remaining);
}

/** Reads an answer to its end, so that its connection is free again. */
export async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer();
  return response.status;
}
