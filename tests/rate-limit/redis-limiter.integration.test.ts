import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import type { Coordinator } from '#server/process/coordinator.ts';
import { createRateLimiter, type RateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from '#server/redis.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { testWith } from '#tests/support/skip.ts';
import { equalLimits } from './equal-limits.ts';

const test = testWith('redis');

const rateLimits = {
  ...equalLimits({ points: 2, windowSeconds: 3_600 }),
  light: { points: 5, windowSeconds: 60 },
  upstream: { points: 3, windowSeconds: 60 },
  page: { points: 3, windowSeconds: 60 },
};

let redis: RedisServer;
let limiters: Limiter[] = [];
let visitors = 0;
/** A bucket that no other test uses. */
let bucket = '';

beforeAll(async () => {
  redis = await startRedis();
});
beforeEach(async () => {
  await redis.start();
  visitors += 1;
  bucket = `visitor:198.18.0.${visitors}`;
});
afterEach(async () => {
  redis.resume();
  for (const limiter of limiters) limiter.close();
  limiters = [];
});
afterAll(() => redis.close());

type Limiter = RateLimiter & Pick<SharedRedis, 'client' | 'state' | 'close'>;

/** Creates a limiter with its own connection, like another instance of the product. */
function newLimiter(coordinator?: Pick<Coordinator, 'charge'>): Limiter {
  const shared = connectRedis(redis.url, createLogger({ level: 'silent' }));
  const limiter = { ...createRateLimiter({ rateLimits, redis: shared, coordinator }), ...shared };
  limiters.push(limiter);
  return limiter;
}

const polling = { timeout: 10_000, interval: 20 };
const connected = (limiter: Limiter) => expect.poll(() => limiter.state(), polling).toBe('ok');

/** Charges the instances in turn, `count` times. Returns the remaining points after each charge, or 'rejected'. */
async function chargeInTurn(instances: RateLimiter[], count: number) {
  const left = [];
  for (let turn = 0; turn < count; turn += 1) {
    const limiter = instances[turn % instances.length];
    const { allowed, remaining } = (await limiter?.charge('light', bucket)) ?? {};
    left.push(allowed ? remaining : 'rejected');
  }
  return left;
}

/** Waits until two instances share their counts again. */
const shareAgain = (one: Limiter, other: Limiter) =>
  expect
    .poll(async () => {
      visitors += 1;
      const fresh = `visitor:198.18.1.${visitors}`;
      await one.charge('light', fresh);
      return (await other.charge('light', fresh)).remaining;
    }, polling)
    .toBe(3);

describe('with Redis', () => {
  test('two limiters share a bucket', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    expect(await chargeInTurn([one, other], 7)).toEqual([4, 3, 2, 1, 0, 'rejected', 'rejected']);
  });

  test('a limiter returns the same states as one in memory', async () => {
    const limiter = newLimiter();
    await connected(limiter);
    const inMemory = createRateLimiter({ rateLimits });
    for (let count = 0; count < 4; count += 1) {
      expect(await limiter.charge('upstream', bucket)).toEqual(await inMemory.charge('upstream', bucket));
    }
  });

  test('concurrent charges get no more points than the bucket has', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    const states = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? one : other).charge('light', bucket)),
    );
    expect(states.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  test('a window ends after its length at the latest, even if the clock of Redis was set back', async () => {
    const limiter = newLimiter();
    await connected(limiter);
    await chargeInTurn([limiter], 6);
    const [key = ''] = await limiter.client.keys(`*${bucket}`);
    await limiter.client.pexpire(key, 3_600_000);
    expect(await limiter.charge('light', bucket)).toMatchObject({ allowed: false, resetSeconds: 60 });
    expect(await limiter.client.pttl(key)).toBeLessThanOrEqual(60_000);
  });

  test('classes are separate', async () => {
    const limiter = newLimiter();
    await connected(limiter);
    await chargeInTurn([limiter], 6);
    expect(await limiter.charge('mail', bucket)).toMatchObject({ name: 'mail', allowed: true, remaining: 1 });
  });
});

describe('when Redis is down at the start', () => {
  test('the limiter counts in memory', async () => {
    await redis.stop();
    const limiter = newLimiter();
    expect(await chargeInTurn([limiter], 6)).toEqual([4, 3, 2, 1, 0, 'rejected']);
    expect(await limiter.state()).toBe('down');
  });

  test('the limiter uses Redis once it is up', async () => {
    await redis.stop();
    const [one, other] = [newLimiter(), newLimiter()];
    expect(await chargeInTurn([one, other], 4)).toEqual([4, 4, 3, 3]);
    await redis.start();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });

  test('the limiter counts in memory while Redis is frozen', async () => {
    redis.pause();
    const limiter = newLimiter();
    expect(await chargeInTurn([limiter], 6)).toEqual([4, 3, 2, 1, 0, 'rejected']);
    redis.resume();
    await connected(limiter);
  });
});

describe('when Redis fails', () => {
  test('no charge is rejected, not even one in flight, and Redis is used again once it is back', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    await chargeInTurn([one], 4);
    const [inFlight] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, (_, index) => one.charge('light', `${bucket}.${index}`))),
      redis.stop(),
    ]);
    expect(inFlight.every(({ allowed }) => allowed)).toBe(true);
    expect(await chargeInTurn([one, other], 4)).toEqual([4, 4, 3, 3]);
    await expect.poll(() => one.state(), polling).toBe('down');
    await redis.start();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });

  test('every charge succeeds while Redis is frozen: at first after the timeout, then without a wait', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    redis.pause();
    const states = await Promise.all(
      Array.from({ length: 50 }, (_, index) => one.charge('light', `${bucket}.${index}`)),
    );
    expect(states.every(({ allowed, remaining }) => allowed && remaining === 4)).toBe(true);
    expect(await one.state()).toBe('down');
    expect(await chargeInTurn([one], 6)).toEqual([4, 3, 2, 1, 0, 'rejected']);
    redis.resume();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });
});

describe('one of several workers', () => {
  test('charges Redis, and the primary only while Redis is down', async () => {
    const charged: string[] = [];
    const limiter = newLimiter({
      charge: async (name, charge) => {
        charged.push(`${name} ${charge}`);
        return { consumed: 5, msBeforeNext: 1_000 };
      },
    });
    await connected(limiter);
    expect(await chargeInTurn([limiter], 2)).toEqual([4, 3]);
    expect(charged).toEqual([]);
    await redis.stop();
    expect(await chargeInTurn([limiter], 2)).toEqual([0, 0]);
    expect(charged).toEqual([`light ${bucket}`, `light ${bucket}`]);
  });

  test('counts on its own while neither Redis nor the primary replies', async () => {
    const limiter = newLimiter({ charge: async () => undefined });
    await connected(limiter);
    await redis.stop();
    expect(await chargeInTurn([limiter], 6)).toEqual([4, 3, 2, 1, 0, 'rejected']);
  });
});
