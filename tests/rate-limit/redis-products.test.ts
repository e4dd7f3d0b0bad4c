import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { z } from 'zod';
import { expectRefusal, post, resultOf } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { testWith } from '#tests/support/skip.ts';
import { newVisitor, remainingOf, smallLimits, statusOf } from './calls.ts';

const test = testWith('redis');

let redis: RedisServer;
let one: Product;
let other: Product;

const startWithRedis = () =>
  startProduct({ TRUSTED_PROXY_HOPS: '1', RATE_LIMITS: smallLimits, REDIS_URL: redis.url });

beforeAll(async () => {
  redis = await startRedis();
  one = await startWithRedis();
  other = await startWithRedis();
});
afterAll(async () => {
  await Promise.all([one, other].map((product) => product.close()));
  await redis.close();
});
beforeEach(async () => {
  await redis.start();
  await Promise.all([readsRedis(one, 'ok'), readsRedis(other, 'ok')]);
});
afterEach(() => redis.resume());

const patience = { timeout: 10_000, interval: 50 };
const readinessSchema = z.object({
  status: z.string(),
  dependencies: z.object({ redis: z.object({ state: z.string(), needed: z.boolean() }) }),
});

async function readiness({ baseUrl }: Product) {
  const response = await fetch(`${baseUrl}/readyz`);
  const { status, dependencies } = readinessSchema.parse(await response.json());
  return { http: response.status, status, redis: dependencies.redis };
}

/** Until readyz says this of Redis. */
async function readsRedis(product: Product, state: 'ok' | 'down'): Promise<void> {
  await expect
    .poll(() => readiness(product), patience)
    .toEqual({ http: 200, status: 'ready', redis: { state, needed: false } });
}

/** What is left after a call of the class light; an answer other than 200 fails the test. */
async function leftAfterCall(product: Product, visitor: Record<string, string>): Promise<number> {
  const response = await post(product, 'echo.body', 'hello', visitor);
  const left = remainingOf(response, 'light');
  expect(await resultOf(response)).toEqual({ res: 'hello' });
  return left;
}

/** Until a call to one is counted by the other. */
async function shareAgain(): Promise<void> {
  await expect
    .poll(async () => {
      const visitor = newVisitor();
      await leftAfterCall(one, visitor);
      return leftAfterCall(other, visitor);
    }, patience)
    .toBe(3);
}

/** Calls by visitors who all have points left: the answers, and how long the slowest took, in milliseconds. */
async function manyCalls(
  rounds: number,
  atOnce: number,
): Promise<{ statuses: Set<number>; slowest: number }> {
  const statuses = new Set<number>();
  let slowest = 0;
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      Array.from({ length: atOnce }, async (_, index) => {
        const startedAt = performance.now();
        const response = await post(index % 2 ? one : other, 'echo.body', round, newVisitor());
        statuses.add(await statusOf(response));
        slowest = Math.max(slowest, performance.now() - startedAt);
      }),
    );
  }
  return { statuses, slowest };
}

describe('two products on one Redis', () => {
  test('share a bucket, also the refusal', async () => {
    const visitor = newVisitor();
    const left = [];
    for (const product of [one, other, one, other, one]) left.push(await leftAfterCall(product, visitor));
    expect(left).toEqual([4, 3, 2, 1, 0]);
    for (const product of [one, other]) {
      const refused = await post(product, 'echo.body', 1, visitor);
      const { data } = await expectRefusal(refused, { reason: 'rate_limited', path: 'echo.body' });
      expect(refused.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    }
  });

  test('share no bucket of different visitors', async () => {
    expect(await leftAfterCall(one, newVisitor())).toBe(4);
    expect(await leftAfterCall(other, newVisitor())).toBe(4);
  });
});

describe('Redis that is stopped', () => {
  test('leaves every call answered, is told by readyz, and is used again once it is back', async () => {
    const visitor = newVisitor();
    expect(await leftAfterCall(one, visitor)).toBe(4);
    await redis.stop();
    expect((await manyCalls(10, 10)).statuses).toEqual(new Set([200]));
    expect(await leftAfterCall(one, visitor)).toBe(4);
    await Promise.all([readsRedis(one, 'down'), readsRedis(other, 'down')]);
    await redis.start();
    await shareAgain();
    await Promise.all([readsRedis(one, 'ok'), readsRedis(other, 'ok')]);
  });

  test('in the midst of calls fails none of them', async () => {
    const [{ statuses }] = await Promise.all([manyCalls(20, 20), redis.stop()]);
    expect(statuses).toEqual(new Set([200]));
  });

  test('still leaves the limits: each product counts by itself', async () => {
    await redis.stop();
    const visitor = newVisitor();
    for (const left of [4, 3, 2, 1, 0]) expect(await leftAfterCall(one, visitor)).toBe(left);
    await expectRefusal(await post(one, 'echo.body', 1, visitor), { reason: 'rate_limited' });
    expect(await leftAfterCall(other, visitor)).toBe(4);
  });

  test('does not keep a product from starting', async () => {
    await redis.stop();
    const late = await startWithRedis();
    try {
      const visitor = newVisitor();
      expect(await leftAfterCall(late, visitor)).toBe(4);
      expect(await readiness(late)).toMatchObject({ http: 200, redis: { state: 'down' } });
      await redis.start();
      await readsRedis(late, 'ok');
      await readsRedis(one, 'ok');
      await expect
        .poll(async () => {
          const fresh = newVisitor();
          await leftAfterCall(late, fresh);
          return leftAfterCall(one, fresh);
        }, patience)
        .toBe(3);
    } finally {
      await late.close();
    }
  });
});

describe('Redis that is frozen', () => {
  test('every call is answered within 600 ms for as long as it lasts', async () => {
    redis.pause();
    const giveUpAt = Date.now() + 7_000;
    const statuses = new Set<number>();
    let slowest = 0;
    // Longer than several of the pauses in which Redis is left alone, so that it is tried and fails again.
    while (Date.now() < giveUpAt) {
      const round = await manyCalls(1, 10);
      for (const status of round.statuses) statuses.add(status);
      slowest = Math.max(slowest, round.slowest);
    }
    expect(statuses).toEqual(new Set([200]));
    expect(slowest).toBeLessThan(600);
  });

  test('locks nobody out who has points, and is used again once it thaws', async () => {
    const visitor = newVisitor();
    expect(await leftAfterCall(one, visitor)).toBe(4);
    redis.pause();
    expect(await leftAfterCall(one, visitor)).toBe(4);
    expect(await readiness(one)).toMatchObject({ http: 200, redis: { state: 'down' } });
    redis.resume();
    await shareAgain();
  });

  test('readyz says so also when nobody has called', async () => {
    redis.pause();
    await Promise.all([readsRedis(one, 'down'), readsRedis(other, 'down')]);
  });

  test('does not keep a product from starting, answering and ending', async () => {
    redis.pause();
    const late = await startWithRedis();
    try {
      expect(await leftAfterCall(late, newVisitor())).toBe(4);
    } finally {
      await late.close();
    }
    expect(late.process.exitCode).toBe(0);
  });
});

test('nothing of all that was a failure of a product', () => {
  for (const product of [one, other]) {
    expect(product.log()).not.toMatch(/"level":"(error|fatal)"|unhandled|uncaught/i);
  }
});
