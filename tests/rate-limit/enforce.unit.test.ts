import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { ClientLimitName, RateLimitState } from '#server/config/rate-limits.ts';
import { AppError } from '#server/errors.ts';
import { createConcurrencyLimit } from '#server/lib/concurrency.ts';
import type { Principal } from '#server/principal.ts';
import { enforce, enforceQuota, takeShare } from '#server/rate-limit/enforce.ts';

const visitor: Principal = { kind: 'visitor', key: '203.0.113.7' };
const service: Principal = { kind: 'service', name: 'robot', scopes: [] };
const internal: Principal = { kind: 'internal' };

/** Enforces the class `light` for a principal. Returns the outcome and everything that was recorded. */
async function enforceFor(principal: Principal, changes: Partial<RateLimitState> = {}) {
  const state: RateLimitState = {
    name: 'light',
    points: 5,
    windowSeconds: 60,
    allowed: true,
    remaining: 4,
    resetSeconds: 30,
    ...changes,
  };
  const charged: string[] = [];
  const counted: string[] = [];
  const rateLimits = new Map<ClientLimitName, RateLimitState>();
  const error = await enforce(
    {
      principal,
      scope: { rateLimits },
      rateLimiter: {
        charge: async (name, bucket) => {
          charged.push(`${name} ${bucket}`);
          return state;
        },
      },
      metrics: { rateLimited: (name) => void counted.push(name) },
    },
    'light',
  ).catch((thrown: unknown) => thrown);
  return { error, charged, counted, state, reported: [...rateLimits] };
}

describe('a call', () => {
  test('within the limit passes, and its response reports the bucket', async () => {
    const { error, charged, counted, state, reported } = await enforceFor(visitor);
    expect(error).toBeUndefined();
    expect(charged).toEqual(['light visitor:203.0.113.7']);
    expect(counted).toEqual([]);
    expect(reported).toEqual([['light', state]]);
  });

  test('over the limit is rejected until the window ends, is counted, and its response reports the bucket', async () => {
    const { error, counted, state, reported } = await enforceFor(visitor, { allowed: false, remaining: 0 });
    expect(error).toMatchObject({ reason: 'rate_limited', retryAfterSeconds: 30 });
    expect(counted).toEqual(['light']);
    expect(reported).toEqual([['light', state]]);
  });

  test('of a service is charged to the service', async () => {
    expect((await enforceFor(service)).charged).toEqual(['light service:robot']);
  });

  test('of this process is not limited', async () => {
    const { error, charged, reported } = await enforceFor(internal, { allowed: false });
    expect(error).toBeUndefined();
    expect(charged).toEqual([]);
    expect(reported).toEqual([]);
  });
});

describe('a mail', () => {
  async function enforceMail(chargeQuota: () => Promise<void>) {
    const charged: string[] = [];
    const counted: string[] = [];
    const error = await enforceQuota(
      {
        rateLimiter: {
          chargeQuota: (name, bucket) => {
            charged.push(`${name} ${bucket}`);
            return chargeQuota();
          },
        },
        metrics: { rateLimited: (name) => void counted.push(name) },
      },
      'mailSite',
      'all',
    ).catch((thrown: unknown) => thrown);
    return { error, charged, counted };
  }

  test('within its quota passes and is not counted as rejected', async () => {
    expect(await enforceMail(() => Promise.resolve())).toEqual({
      error: undefined,
      charged: ['mailSite all'],
      counted: [],
    });
  });

  test('over its quota is rejected and counted under the name of the quota', async () => {
    const rejected = new AppError('rate_limited', { retryAfterSeconds: 7 });
    const { error, counted } = await enforceMail(() => Promise.reject(rejected));
    expect(error).toBe(rejected);
    expect(counted).toEqual(['mailSite']);
  });
});

describe('the slots of one client', () => {
  const onePerClient = () => createConcurrencyLimit({ total: 10, perClient: 1 });

  test('are limited, and a further call may be repeated soon', () => {
    const shares = onePerClient();
    takeShare(shares, visitor);
    expect(() => takeShare(shares, visitor)).toThrow(
      expect.objectContaining({
        reason: 'rate_limited',
        retryAfterSeconds: limits.upstream.queueRetryAfterSeconds,
      }),
    );
  });

  test('are free again once they are given back', () => {
    const shares = onePerClient();
    takeShare(shares, visitor)();
    expect(() => takeShare(shares, visitor)).not.toThrow();
  });

  test('are not taken by other clients', () => {
    const shares = onePerClient();
    takeShare(shares, visitor);
    expect(() => takeShare(shares, service)).not.toThrow();
  });

  test('are not limited for this process', () => {
    const shares = onePerClient();
    const releases = [takeShare(shares, internal), takeShare(shares, internal)];
    for (const release of releases) expect(release()).toBeUndefined();
  });
});
