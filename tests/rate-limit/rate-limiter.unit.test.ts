import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from '#server/redis.ts';
import { type LyingRedis, startLyingRedis } from '#tests/support/lying-redis.ts';
import { equalLimits } from './equal-limits.ts';

const limit = { points: 5, windowSeconds: 60 };
const rateLimits = { ...equalLimits(limit), mailSender: { points: 2, windowSeconds: 3_600 } };

async function connected(): Promise<{ server: LyingRedis; redis: SharedRedis }> {
  const server = await startLyingRedis();
  const redis = connectRedis(server.url, createLogger({ level: 'silent' }));
  onTestFinished(redis.close);
  await once(redis.client, 'ready');
  return { server, redis };
}

/** Replies as the script of the rate limiter does. */
function replyWith(server: LyingRedis, consumed: number, msBeforeNext: number): void {
  for (const command of ['evalsha', 'eval'])
    server.lie(command, `*2\r\n:${consumed}\r\n:${msBeforeNext}\r\n`);
}

/** A primary that records the charges. */
function primary(result: { consumed: number; msBeforeNext: number } | undefined) {
  const charged: string[] = [];
  const charge = async (name: string, bucket: string) => {
    charged.push(`${name} ${bucket}`);
    return result;
  };
  return { charged, coordinator: { charge } };
}

describe('a charge is counted', () => {
  test('in Redis if it replies, and neither at the primary nor in memory', async () => {
    const { server, redis } = await connected();
    const { charged, coordinator } = primary({ consumed: 1, msBeforeNext: 1_000 });
    const limiter = createRateLimiter({ rateLimits, redis, coordinator });
    replyWith(server, 4, 30_000);
    for (let count = 0; count < 2; count += 1) {
      expect(await limiter.charge('light', 'visitor:a')).toEqual({
        ...limit,
        name: 'light',
        allowed: true,
        remaining: 1,
        resetSeconds: 30,
      });
    }
    expect(charged).toEqual([]);
  });

  test('at the primary if Redis does not reply', async () => {
    const { server, redis } = await connected();
    const { charged, coordinator } = primary({ consumed: 6, msBeforeNext: 1_500 });
    const limiter = createRateLimiter({ rateLimits, redis, coordinator });
    for (const command of ['evalsha', 'eval']) server.lie(command, '-ERR no\r\n');
    expect(await limiter.charge('mail', 'visitor:a')).toMatchObject({
      name: 'mail',
      allowed: false,
      remaining: 0,
      resetSeconds: 2,
    });
    expect(charged).toEqual(['mail visitor:a']);
  });

  test('at the primary if there is no Redis', async () => {
    const { charged, coordinator } = primary({ consumed: 2, msBeforeNext: 1_000 });
    const limiter = createRateLimiter({ rateLimits, coordinator });
    expect((await limiter.charge('page', 'visitor:a')).remaining).toBe(3);
    expect(charged).toEqual(['page visitor:a']);
  });

  test('in memory if the primary does not reply either', async () => {
    const { charged, coordinator } = primary(undefined);
    const limiter = createRateLimiter({ rateLimits, coordinator });
    const left = [await limiter.charge('light', 'visitor:a'), await limiter.charge('light', 'visitor:a')];
    expect(left.map(({ remaining }) => remaining)).toEqual([4, 3]);
    expect(charged).toHaveLength(2);
  });
});

test('Redis that hangs is down after the first charge, which is counted in memory', async () => {
  const { server, redis } = await connected();
  for (const command of ['evalsha', 'eval']) server.lie(command, () => undefined);
  const limiter = createRateLimiter({ rateLimits, redis });
  expect((await limiter.charge('light', 'visitor:a')).remaining).toBe(4);
  expect(redis.lastState()).toBe('down');
  expect((await limiter.charge('light', 'visitor:a')).remaining).toBe(3);
});

test('each limit has its own buckets', async () => {
  const limiter = createRateLimiter({ rateLimits });
  const charges = [
    await limiter.charge('light', 'visitor:a'),
    await limiter.charge('light', 'visitor:b'),
    await limiter.charge('upstream', 'visitor:a'),
    await limiter.charge('light', 'visitor:a'),
  ];
  expect(charges.map(({ name, remaining }) => [name, remaining])).toEqual([
    ['light', 4],
    ['light', 4],
    ['upstream', 4],
    ['light', 3],
  ]);
});

test('a quota allows exactly its mails and then rejects until its window ends', async () => {
  const { chargeQuota } = createRateLimiter({ rateLimits });
  await chargeQuota('mailSender', 'ada@visitor.example');
  await chargeQuota('mailSender', 'ada@visitor.example');
  const rejected: unknown = await chargeQuota('mailSender', 'ada@visitor.example').catch((error) => error);
  expect(rejected).toMatchObject({ reason: 'rate_limited', retryAfterSeconds: 3_600 });
  await chargeQuota('mailSender', 'bob@visitor.example');
});

describe('in Redis', () => {
  test('a charge is one point of a key that names the limit and the bucket, with the window', async () => {
    const { server, redis } = await connected();
    replyWith(server, 1, 60_000);
    await createRateLimiter({ rateLimits, redis }).charge('light', 'visitor:a');
    const commands = [...server.received('eval'), ...server.received('evalsha')];
    const [, keys, key, points, seconds] = commands[0] ?? [];
    expect([keys, key, points, seconds]).toEqual(['1', 'typed-bff:limit:light:visitor:a', '1', '60']);
  });

  test.each([
    { reply: [5, 60_000], expected: { allowed: true, remaining: 0, resetSeconds: 60 } },
    { reply: [6, 1], expected: { allowed: false, remaining: 0, resetSeconds: 1 } },
    { reply: [6, 0], expected: { allowed: false, remaining: 0, resetSeconds: 1 } },
    { reply: [1, 59_001], expected: { allowed: true, remaining: 4, resetSeconds: 60 } },
  ] as const)('the reply $reply is $expected', async ({ reply: [consumed, msBeforeNext], expected }) => {
    const { server, redis } = await connected();
    replyWith(server, consumed, msBeforeNext);
    expect(await createRateLimiter({ rateLimits, redis }).charge('light', 'visitor:a')).toMatchObject(
      expected,
    );
  });

  test.each([
    ['no point', 0, 1_000],
    ['an end in the past', 3, -1],
    ['an end after the whole window', 3, 60_001],
  ])('a reply with %s is not used', async (_, consumed, msBeforeNext) => {
    const { server, redis } = await connected();
    replyWith(server, consumed, msBeforeNext);
    expect(await createRateLimiter({ rateLimits, redis }).charge('light', 'visitor:a')).toMatchObject({
      allowed: true,
      remaining: 4,
      resetSeconds: 60,
    });
    expect(redis.lastState()).toBe('ok');
  });
});
