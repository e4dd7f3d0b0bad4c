import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createGeneration } from '#server/feed/generation.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRateLimiter, type RateLimiter } from '#server/rate-limit/rate-limiter.ts';
import { connectRedis, type SharedRedis } from '#server/redis.ts';
import { createReplayGuard } from '#server/replay-guard.ts';
import { createSharedCache } from '#server/upstream-client/shared-cache.ts';
import { bulk, startLyingRedis } from '#tests/support/lying-redis.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { describeWith } from '#tests/support/skip.ts';
import { equalLimits } from './equal-limits.ts';

const windowSeconds = 60;
const limit = { points: 5, windowSeconds };
const rateLimits = equalLimits(limit);
const polling = { timeout: 20_000, interval: 20 };

type Instance = RateLimiter & SharedRedis & { lines: string[] };

/** Creates what an instance of the product has of Redis, with its own connection, and waits until it is used. */
async function connectedTo(url: string): Promise<Instance> {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const shared = connectRedis(url, log);
  onTestFinished(shared.close);
  await once(shared.client, 'ready');
  expect(await shared.state()).toBe('ok');
  return { ...createRateLimiter({ rateLimits, redis: shared }), ...shared, lines };
}

let visitors = 0;
function newBucket(): string {
  visitors += 1;
  return `visitor:198.18.${visitors >> 8}.${visitors & 255}`;
}

/** Charges the bucket until it is empty. Returns the remaining points after each charge. */
async function chargeAll(limiter: RateLimiter, bucket: string) {
  const left = [];
  for (let count = 0; count < 6; count += 1) {
    const { allowed, remaining, resetSeconds } = await limiter.charge('light', bucket);
    expect(resetSeconds).toBeGreaterThanOrEqual(1);
    expect(resetSeconds).toBeLessThanOrEqual(windowSeconds);
    left.push(allowed ? remaining : 'rejected');
  }
  return left;
}
const allCharges = [4, 3, 2, 1, 0, 'rejected'];

/** Asserts that two instances count together. */
async function expectShared(one: RateLimiter, other: RateLimiter): Promise<void> {
  const bucket = newBucket();
  await one.charge('light', bucket);
  expect((await other.charge('light', bucket)).remaining).toBe(3);
}

describeWith('redis')('Redis', () => {
  let redis: RedisServer;
  /** The operator's connection. */
  let admin: Redis;
  let one: Instance;
  let other: Instance;

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.close();
  });
  beforeEach(async () => {
    await admin.flushall();
    one = await connectedTo(redis.url);
    other = await connectedTo(redis.url);
  });

  const keyOf = (bucket: string) => `typed-bff:limit:light:${bucket}`;

  test('a key of another type: this bucket is counted locally, all others in Redis', async () => {
    const bucket = newBucket();
    await admin.lpush(keyOf(bucket), 'not a number');
    expect(await chargeAll(one, bucket)).toEqual(allCharges);
    await expectShared(one, other);
    expect(await one.state()).toBe('ok');
    expect(one.lines.filter((line) => line.includes('rejected a command'))).toHaveLength(1);
  });

  test('entries, locks, markers and signatures of another type are replaced or ignored', async () => {
    const cache = createSharedCache(one);
    await cache.write('key', { id: 'first', text: 'text' }, 60_000);
    expect(await cache.read('key')).toMatchObject({ id: 'first' });
    const generation = createGeneration(one);
    await generation.advance();
    for (const key of await admin.keys('typed-bff:*')) {
      await admin.del(key);
      await admin.lpush(key, 'of another type');
    }
    expect(await cache.read('key')).toBeUndefined();
    await cache.write('key', { id: 'second', text: 'text' }, 60_000);
    expect(await cache.read('key')).toMatchObject({ id: 'second' });
    expect(await generation.current()).toBeUndefined();
    const marker = await generation.advance();
    expect(await generation.current()).toBe(marker);
    expect(await createReplayGuard(one).use('signature')).toBe(true);
    await expectShared(one, other);
  });

  test('that loses everything: the counts begin again, and the instances still share them', async () => {
    const bucket = newBucket();
    expect(await chargeAll(one, bucket)).toEqual(allCharges);
    await admin.flushall();
    await admin.script('FLUSH');
    expect(await chargeAll(one, bucket)).toEqual(allCharges);
    await expectShared(one, other);
  });

  test.each([
    ['whose clock was set back an hour', async (key: string) => void (await admin.pexpire(key, 3_660_000))],
    ['that lost the expiry of a key', async (key: string) => void (await admin.persist(key))],
  ])('%s: the window of a bucket gets no longer', async (_, change) => {
    const bucket = newBucket();
    expect(await chargeAll(one, bucket)).toEqual(allCharges);
    await change(keyOf(bucket));
    const { allowed, resetSeconds } = await other.charge('light', bucket);
    expect(allowed).toBe(false);
    expect(resetSeconds).toBeLessThanOrEqual(windowSeconds);
    expect(await admin.pttl(keyOf(bucket))).toBeGreaterThan(0);
    expect(await admin.pttl(keyOf(bucket))).toBeLessThanOrEqual(windowSeconds * 1_000);
  });

  test.each([
    [
      'a read-only replica',
      // Port 1 has no primary.
      async () => void (await admin.replicaof('127.0.0.1', 1)),
      async () => void (await admin.replicaof('NO', 'ONE')),
    ],
    [
      'full (noeviction)',
      async () => void (await admin.config('SET', 'maxmemory', '1')),
      async () => void (await admin.config('SET', 'maxmemory', '0')),
    ],
  ])(
    'that became %s is down: each instance counts on its own until it takes writes',
    async (_, begin, end) => {
      onTestFinished(end);
      await begin();
      await expect.poll(one.state, polling).toBe('down');
      expect(one.lastState()).toBe('down');
      await expect.poll(other.state, polling).toBe('down');
      const bucket = newBucket();
      expect(await chargeAll(one, bucket)).toEqual(allCharges);
      expect(await chargeAll(other, bucket)).toEqual(allCharges);
      await end();
      // Without a check by anybody else.
      await expect.poll(one.lastState, polling).toBe('ok');
      await expect.poll(other.lastState, polling).toBe('ok');
      await expectShared(one, other);
      expect(one.lines.filter((line) => line.includes('redis failed'))).toHaveLength(1);
      expect(one.lines.filter((line) => line.includes('redis recovered'))).toHaveLength(1);
    },
  );
});

describe('a Redis that lies', () => {
  const unusable = {
    'a number': ':1\r\n',
    'a status': '+OK\r\n',
    nothing: '$-1\r\n',
    'no array': '*-1\r\n',
    'an empty array': '*0\r\n',
    'a text': bulk('4,60000'),
    texts: `*2\r\n${bulk('many')}${bulk('soon')}`,
    'points below zero': '*2\r\n:-5\r\n:1000\r\n',
    'no points': '*2\r\n:0\r\n:1000\r\n',
    'no end': '*2\r\n:1\r\n:-1\r\n',
    'an end in a year': '*2\r\n:1\r\n:31536000000\r\n',
    'a huge number': '*2\r\n:99999999999999999999\r\n:1000\r\n',
    'an array in an array': '*2\r\n*1\r\n:1\r\n*1\r\n:1\r\n',
    'an error': '-ERR no\r\n',
    'a script error': '-NOSCRIPT No matching script\r\n',
  };
  test.each(Object.entries(unusable))(
    'about limits with %s: the instance counts locally',
    async (_, reply) => {
      const redis = await startLyingRedis();
      const instance = await connectedTo(redis.url);
      for (const name of ['evalsha', 'eval']) redis.lie(name, reply);
      expect(await chargeAll(instance, newBucket())).toEqual(allCharges);
      expect(await instance.state()).toBe('ok');
      expect(instance.lines.filter((line) => line.includes('rejected a command'))).toHaveLength(1);
    },
  );

  const pieces = ['$', '1', '0', '4', '8', '5', '7', '6', '0', '0', '\r\n'];
  const broken = {
    'half a reply': '*2\r\n:1\r\n',
    'another protocol': 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
    'one more reply than commands': '*2\r\n:1\r\n:1\r\n:1\r\n+OK\r\n',
    'a push message': '>2\r\n$7\r\nmessage\r\n$1\r\nx\r\n',
    'one byte at a time': (socket: Socket) => void drip(socket, pieces),
    'the end of the connection': (socket: Socket) => void socket.destroy(),
  };
  test('that breaks the protocol: no charge fails, and Redis is used again afterwards', async () => {
    // All at once, because each waits until Redis is checked again.
    const checks = Object.entries(broken).map(async ([name, reply]) => {
      const redis = await startLyingRedis();
      const instance = await connectedTo(redis.url);
      for (const command of ['evalsha', 'eval']) redis.lie(command, reply);
      const charges = Array.from({ length: 50 }, () => instance.charge('light', newBucket()));
      const states = await Promise.all(charges);
      expect(
        states.every(({ allowed, remaining }) => allowed && remaining === 4),
        name,
      ).toBe(true);
      for (const command of ['evalsha', 'eval']) redis.lie(command, '*2\r\n:3\r\n:1000\r\n');
      const charge = async () => (await instance.charge('light', newBucket())).remaining;
      await vi.waitFor(async () => expect(await charge(), name).toBe(2), polling);
    });
    await Promise.all(checks);
  });

  test('with a reply without end: the connection is closed, so that the memory stays small', async () => {
    const redis = await startLyingRedis();
    const instance = await connectedTo(redis.url);
    let sent = 0;
    redis.lie('multi', (socket) => {
      socket.write('$500000000\r\n');
      const block = Buffer.alloc(1024 * 1024, 'x');
      function more(): void {
        if (socket.destroyed || sent > 2_000) return;
        sent += 1;
        socket.write(block, more);
      }
      more();
    });
    expect(await createSharedCache(instance).read('key')).toBeUndefined();
    await expect.poll(redis.connections, polling).toBe(0);
    const before = sent;
    await delay(200);
    expect(sent).toBe(before);
    redis.lie('multi', undefined);
    await expect.poll(instance.lastState, polling).toBe('ok');
  });
});

async function drip(socket: Socket, pieces: string[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await delay(20);
  }
}
