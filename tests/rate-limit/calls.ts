import superjson from 'superjson';
import { expect } from 'vitest';
import { z } from 'zod';
import type { RateLimitClass } from '#server/config/rate-limits.ts';
import { readError, readResult } from '#tests/support/call.ts';

type Served = { baseUrl: string };
type Headers = Record<string, string>;

/** Limits small enough to exceed, with windows longer than a test. */
export const smallLimits = 'light=5/60,upstream=3/60,mail=2/3600';

let visitors = 0;

/**
 * Returns the headers of a new client, as a trusted proxy sends them. Requires TRUSTED_PROXY_HOPS=1. Each test uses
 * its own client, so that no test sees a bucket that another test has charged.
 */
export function newVisitor(): Headers {
  visitors += 1;
  return { 'x-forwarded-for': `198.18.${visitors >> 8}.${visitors & 0xff}` };
}

/** A call with an invalid input, so that it has no effect except the charge. */
export const invalidPlaces = { path: 'fixture.search', input: { name: 1 } } as const;

/** Sends several calls in one POST. */
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

/** Returns the data or the error reason of each call of a batch. */
export async function outcomesOf(response: Response): Promise<unknown[]> {
  return z
    .array(z.looseObject({}))
    .parse(await response.json())
    .map((result) => ('error' in result ? readError(result).data.reason : readResult(result)));
}

/** Returns the rate-limit headers of a response. */
export function limitHeadersOf({ headers }: Response) {
  return {
    policy: headers.get('ratelimit-policy'),
    state: headers.get('ratelimit'),
    retryAfter: headers.get('retry-after'),
  };
}

/** Returns the remaining points in the bucket of a class. Fails the test if the response does not contain them. */
export function remainingOf(response: Response, name: RateLimitClass): number {
  const { state } = limitHeadersOf(response);
  const [, remaining] = new RegExp(`(?:^|, )"${name}";r=(\\d+);t=\\d+(?:,|$)`).exec(state ?? '') ?? [];
  expect(remaining, `remaining of ${name} in RateLimit: ${state}`).toBeDefined();
  return Number(remaining);
}

/** Reads the response to its end, which releases the connection, and returns the status. */
export async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer();
  return response.status;
}
