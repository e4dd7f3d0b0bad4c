import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter, type RateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from '#server/redis.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('redis');

const rateLimits = {
  light: { points: 5, windowSeconds: 60 },
  upstream: { points: 3, windowSeconds: 60 },
  mail: { points: 2, windowSeconds: 3_600 },
  mailSender: { points: 2, windowSeconds: 3_600 },
  mailSite: { points: 2, windowSeconds: 3_600 },
};

let redis: RedisServer;
let limiters: Limiter[] = [];
let visitors = 0;
/** A bucket that no test has used. */
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

type Limiter = RateLimiter & Pick<SharedRedis, 'state' | 'close'>;

/** As another instance of the product has one. */
function newLimiter(): Limiter {
  const shared = connectRedis(redis.url, createLogger({ level: 'silent' }));
  const limiter = { ...createRateLimiter({ rateLimits, redis: shared }), ...shared };
  limiters.push(limiter);
  return limiter;
}

const patience = { timeout: 10_000, interval: 20 };
const connected = (limiter: Limiter) => expect.poll(() => limiter.state(), patience).toBe('ok');

/** Each instance in turn, `count` times; what was left after each charge, or that it was refused. */
async function chargeInTurn(instances: RateLimiter[], count: number) {
  const left = [];
  for (let turn = 0; turn < count; turn += 1) {
    const limiter = instances[turn % instances.length];
    const { allowed, remaining } = (await limiter?.charge('light', bucket)) ?? {};
    left.push(allowed ? remaining : 'refused');
  }
  return left;
}

/** Until two instances count together again. */
const shareAgain = (one: Limiter, other: Limiter) =>
  expect
    .poll(async () => {
      visitors += 1;
      const fresh = `visitor:198.18.1.${visitors}`;
      await one.charge('light', fresh);
      return (await other.charge('light', fresh)).remaining;
    }, patience)
    .toBe(3);

describe('with Redis', () => {
  test('two limiters share a bucket', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    expect(await chargeInTurn([one, other], 7)).toEqual([4, 3, 2, 1, 0, 'refused', 'refused']);
  });

  test('a state is the same as one counted in memory', async () => {
    const limiter = newLimiter();
    await connected(limiter);
    const inMemory = createRateLimiter({ rateLimits });
    for (let count = 0; count < 4; count += 1) {
      expect(await limiter.charge('upstream', bucket)).toEqual(await inMemory.charge('upstream', bucket));
    }
  });

  test('many at once get no more than the bucket holds', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    const states = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? one : other).charge('light', bucket)),
    );
    expect(states.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  test('classes are separate', async () => {
    const limiter = newLimiter();
    await connected(limiter);
    await chargeInTurn([limiter], 6);
    expect(await limiter.charge('mail', bucket)).toMatchObject({ name: 'mail', allowed: true, remaining: 1 });
  });
});

describe('Redis that is not there at the start', () => {
  test('is stood in for by memory, which limits as well', async () => {
    await redis.stop();
    const limiter = newLimiter();
    expect(await chargeInTurn([limiter], 6)).toEqual([4, 3, 2, 1, 0, 'refused']);
    expect(await limiter.state()).toBe('down');
  });

  test('is used as soon as it comes', async () => {
    await redis.stop();
    const [one, other] = [newLimiter(), newLimiter()];
    expect(await chargeInTurn([one, other], 4)).toEqual([4, 4, 3, 3]);
    await redis.start();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });

  test('or is frozen: charged in memory all the same', async () => {
    redis.pause();
    const limiter = newLimiter();
    expect(await chargeInTurn([limiter], 6)).toEqual([4, 3, 2, 1, 0, 'refused']);
    redis.resume();
    await connected(limiter);
  });
});

describe('Redis that goes away', () => {
  test('locks nobody out, not even in the moment of it, and is used again when it is back', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    await chargeInTurn([one], 4);
    const [underWay] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, (_, index) => one.charge('light', `${bucket}.${index}`))),
      redis.stop(),
    ]);
    expect(underWay.every(({ allowed }) => allowed)).toBe(true);
    expect(await chargeInTurn([one, other], 4)).toEqual([4, 4, 3, 3]);
    await expect.poll(() => one.state(), patience).toBe('down');
    await redis.start();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });

  test('frozen: every charge is made, first by waiting for the timeout and then at once', async () => {
    const [one, other] = [newLimiter(), newLimiter()];
    await Promise.all([connected(one), connected(other)]);
    redis.pause();
    const states = await Promise.all(
      Array.from({ length: 50 }, (_, index) => one.charge('light', `${bucket}.${index}`)),
    );
    expect(states.every(({ allowed, remaining }) => allowed && remaining === 4)).toBe(true);
    expect(await one.state()).toBe('down');
    expect(await chargeInTurn([one], 6)).toEqual([4, 3, 2, 1, 0, 'refused']);
    redis.resume();
    await shareAgain(one, other);
    expect(await one.state()).toBe('ok');
  });
});
