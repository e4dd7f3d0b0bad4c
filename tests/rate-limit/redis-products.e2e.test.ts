import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { z } from 'zod';
import { expectError, post, resultOf } from '#tests/support/call.ts';
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

const polling = { timeout: 10_000, interval: 50 };
const readinessSchema = z.object({
  status: z.string(),
  dependencies: z.object({ redis: z.object({ state: z.string(), needed: z.boolean() }) }),
});

async function readiness({ baseUrl }: Product) {
  const response = await fetch(`${baseUrl}/readyz`);
  const { status, dependencies } = readinessSchema.parse(await response.json());
  return { http: response.status, status, redis: dependencies.redis };
}

/** Waits until readyz reports this state of Redis. */
async function readsRedis(product: Product, state: 'ok' | 'down'): Promise<void> {
  await expect
    .poll(() => readiness(product), polling)
    .toEqual({ http: 200, status: 'ready', redis: { state, needed: false } });
}

/** Returns the remaining points after a call of the class `light`. Fails the test if the call fails. */
async function leftAfterCall(product: Product, visitor: Record<string, string>): Promise<number> {
  const response = await post(product, 'fixture.body', 'hello', visitor);
  const left = remainingOf(response, 'light');
  expect(await resultOf(response)).toEqual({ res: 'hello' });
  return left;
}

/** Waits until the two products share their counts again. */
async function shareAgain(): Promise<void> {
  await expect
    .poll(async () => {
      const visitor = newVisitor();
      await leftAfterCall(one, visitor);
      return leftAfterCall(other, visitor);
    }, polling)
    .toBe(3);
}

/** Calls as visitors with points left. Returns the statuses and the milliseconds of the slowest call. */
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
        const response = await post(index % 2 ? one : other, 'fixture.body', round, newVisitor());
        statuses.add(await statusOf(response));
        slowest = Math.max(slowest, performance.now() - startedAt);
      }),
    );
  }
  return { statuses, slowest };
}

describe('two products on one Redis', () => {
  test('share a bucket, and both reject once it is empty', async () => {
    const visitor = newVisitor();
    const left = [];
    for (const product of [one, other, one, other, one]) left.push(await leftAfterCall(product, visitor));
    expect(left).toEqual([4, 3, 2, 1, 0]);
    for (const product of [one, other]) {
      const rejected = await post(product, 'fixture.body', 1, visitor);
      const { data } = await expectError(rejected, { reason: 'rate_limited', path: 'fixture.body' });
      expect(rejected.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
    }
  });

  test('count different visitors separately', async () => {
    expect(await leftAfterCall(one, newVisitor())).toBe(4);
    expect(await leftAfterCall(other, newVisitor())).toBe(4);
  });
});

describe('while Redis is stopped', () => {
  test('every call succeeds, readyz reports it, and Redis is used again once it is back', async () => {
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

  test('no call in flight fails', async () => {
    const [{ statuses }] = await Promise.all([manyCalls(20, 20), redis.stop()]);
    expect(statuses).toEqual(new Set([200]));
  });

  test('the limits still apply: each product counts separately', async () => {
    await redis.stop();
    const visitor = newVisitor();
    for (const left of [4, 3, 2, 1, 0]) expect(await leftAfterCall(one, visitor)).toBe(left);
    await expectError(await post(one, 'fixture.body', 1, visitor), { reason: 'rate_limited' });
    expect(await leftAfterCall(other, visitor)).toBe(4);
  });

  test('a product can start', async () => {
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
        }, polling)
        .toBe(3);
    } finally {
      await late.close();
    }
  });
});

describe('while Redis is frozen', () => {
  test('every call gets a response within 600 ms', async () => {
    redis.pause();
    const giveUpAt = Date.now() + 7_000;
    const statuses = new Set<number>();
    let slowest = 0;
    // Longer than several pauses between attempts, so that Redis is tried again and fails again.
    while (Date.now() < giveUpAt) {
      const round = await manyCalls(1, 10);
      for (const status of round.statuses) statuses.add(status);
      slowest = Math.max(slowest, round.slowest);
    }
    expect(statuses).toEqual(new Set([200]));
    expect(slowest).toBeLessThan(600);
  });

  test('no visitor with points is rejected, and Redis is used again once it is resumed', async () => {
    const visitor = newVisitor();
    expect(await leftAfterCall(one, visitor)).toBe(4);
    redis.pause();
    expect(await leftAfterCall(one, visitor)).toBe(4);
    expect(await readiness(one)).toMatchObject({ http: 200, redis: { state: 'down' } });
    redis.resume();
    await shareAgain();
  });

  test('readyz reports it even without any calls', async () => {
    redis.pause();
    await Promise.all([readsRedis(one, 'down'), readsRedis(other, 'down')]);
  });

  test('a product can start, serve calls and stop', async () => {
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

test('no product has logged an error during these tests', () => {
  for (const product of [one, other]) {
    expect(product.log()).not.toMatch(/"level":"(error|fatal)"|unhandled|uncaught/i);
  }
});
