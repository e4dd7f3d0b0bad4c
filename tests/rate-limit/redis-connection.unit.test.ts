import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { createLogger } from '#server/observability/log.ts';
import { connectRedis, type SharedRedis, UnusableReplyError } from '#server/redis.ts';
import { bulk, type LyingRedis, startLyingRedis } from '#tests/support/lying-redis.ts';

const { recheckInterval, checkFreshFor, warnInterval } = limits.redis;

function connectTo(url: string) {
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } });
  const redis = connectRedis(url, log);
  onTestFinished(redis.close);
  return { redis, logged: (message: string) => lines.filter((line) => line.includes(message)).length };
}

async function connected() {
  const server = await startLyingRedis();
  const connection = connectTo(server.url);
  await once(connection.redis.client, 'ready');
  return { server, ...connection };
}

const read = (redis: SharedRedis) => redis.attempt((client) => client.get('key'));
const checks = (server: LyingRedis) => server.received('set').filter(([key]) => key === 'typed-bff:check');

/** Waits in real time, whatever the fake clocks say. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(5);
}

/** The product's checks and warnings follow this clock; the connection has real timers. */
function fakeCheckClock(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

describe('a command', () => {
  test('resolves to its value', async () => {
    const { server, redis } = await connected();
    server.lie('get', bulk('text'));
    expect(await read(redis)).toEqual({ value: 'text' });
    expect(redis.lastState()).toBe('ok');
  });

  test('that Redis rejects fails alone: further commands are sent', async () => {
    const { server, redis, logged } = await connected();
    server.lie('get', '-WRONGTYPE no\r\n');
    expect(await read(redis)).toBeUndefined();
    expect(await redis.attempt((client) => client.del('other'))).toEqual({ value: 1 });
    expect(redis.lastState()).toBe('ok');
    expect(logged('redis rejected a command')).toBe(1);
    expect(logged('redis failed')).toBe(0);
  });

  test('with a reply that it cannot have fails alone, too', async () => {
    const { redis, logged } = await connected();
    expect(await redis.attempt(() => Promise.reject(new UnusableReplyError()))).toBeUndefined();
    expect(redis.lastState()).toBe('ok');
    expect(logged('redis rejected a command')).toBe(1);
  });

  test('before the connection is ready is not queued, so that it delays no call', async () => {
    const server = await startLyingRedis();
    const { redis } = connectTo(server.url);
    expect(await read(redis)).toBeUndefined();
    expect(redis.lastState()).toBe('down');
    await once(redis.client, 'ready');
    await redis.client.del('key');
    expect(server.received('get')).toEqual([]);
  });

  test('that hangs closes the connection, and is not sent again on the next one', async () => {
    const { server, redis, logged } = await connected();
    let hanging: Socket | undefined;
    server.lie('get', (socket) => {
      hanging = socket;
    });
    expect(await read(redis)).toBeUndefined();
    expect(redis.lastState()).toBe('down');
    expect(logged('redis failed')).toBe(1);
    await until(() => hanging?.destroyed === true);
    await once(redis.client, 'ready');
    await redis.client.del('key');
    expect(server.received('get')).toHaveLength(1);
  });
});

test('Redis that rejects commands is reported once in a while, not for each command', async () => {
  const { server, redis, logged } = await connected();
  fakeCheckClock();
  server.lie('get', '-ERR no\r\n');
  await read(redis);
  vi.advanceTimersByTime(warnInterval - 1);
  await read(redis);
  expect(logged('redis rejected a command')).toBe(1);
  vi.advanceTimersByTime(1);
  await read(redis);
  expect(logged('redis rejected a command')).toBe(2);
});

describe('Redis that takes no writes', () => {
  async function withoutWrites() {
    const connection = await connected();
    const { server, redis } = connection;
    fakeCheckClock();
    server.lie('set', '-READONLY no\r\n');
    server.lie('get', '-ERR no\r\n');
    await read(redis);
    await until(() => redis.lastState() === 'down');
    server.lie('get', bulk('text'));
    return connection;
  }

  test('is down after its first rejected command, and gets no further ones', async () => {
    const { server, redis, logged } = await withoutWrites();
    expect(await read(redis)).toBeUndefined();
    expect(server.received('get')).toHaveLength(1);
    expect(logged('redis failed')).toBe(1);
  });

  test('keeps its connection', async () => {
    const { server, redis } = await withoutWrites();
    await redis.client.del('key');
    expect(server.received('info')).toHaveLength(1);
    expect(server.connections()).toBe(1);
  });

  test('is used again after the first check that succeeds, and is not checked any more', async () => {
    const { server, redis, logged } = await withoutWrites();
    server.lie('set', undefined);
    const before = checks(server).length;
    vi.advanceTimersByTime(recheckInterval - 1);
    // The reply comes after that of a check.
    await redis.client.del('key');
    expect(checks(server)).toHaveLength(before);
    vi.advanceTimersByTime(1);
    await until(() => redis.lastState() === 'ok');
    expect(await read(redis)).toEqual({ value: 'text' });
    expect(logged('redis recovered')).toBe(1);
    vi.advanceTimersByTime(10 * recheckInterval);
    await redis.client.del('key');
    expect(checks(server)).toHaveLength(before + 1);
  });

  test('is checked again and again until then', async () => {
    const { server, redis, logged } = await withoutWrites();
    const before = checks(server).length;
    for (let count = 1; count <= 3; count += 1) {
      vi.advanceTimersByTime(recheckInterval);
      await until(() => checks(server).length >= before + count);
      await redis.client.del('key');
    }
    expect(checks(server)).toHaveLength(before + 3);
    expect(redis.lastState()).toBe('down');
    expect(logged('redis failed')).toBe(1);
    expect(logged('redis recovered')).toBe(0);
  });

  test('is not checked any more after close, which ends the connection', async () => {
    const { server, redis } = await withoutWrites();
    expect(vi.getTimerCount()).toBe(1);
    redis.close();
    expect(vi.getTimerCount()).toBe(0);
    await until(() => server.connections() === 0);
  });
});

test('Redis whose connection breaks under several commands is reported once, and used again when it is back', async () => {
  const { server, redis, logged } = await connected();
  fakeCheckClock();
  server.lie('get', (socket) => void socket.destroy());
  expect(await Promise.all([read(redis), read(redis)])).toEqual([undefined, undefined]);
  expect(redis.lastState()).toBe('down');
  expect(logged('redis failed')).toBe(1);
  await once(redis.client, 'ready');
  vi.advanceTimersByTime(recheckInterval);
  await until(() => redis.lastState() === 'ok');
  expect(vi.getTimerCount()).toBe(0);
});

test('many checks in a short time cost one command, whose key expires by itself', async () => {
  const { server, redis } = await connected();
  fakeCheckClock();
  expect(await Promise.all([redis.state(), redis.state()])).toEqual(['ok', 'ok']);
  vi.advanceTimersByTime(checkFreshFor - 1);
  await redis.state();
  expect(checks(server)).toEqual([['typed-bff:check', '', 'PX', String(recheckInterval)]]);
  vi.advanceTimersByTime(1);
  await redis.state();
  expect(checks(server)).toHaveLength(2);
});

test('a connection that fails is neither an unhandled error nor a warning', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => printed.mockRestore());
  // Nothing listens here.
  const { redis, logged } = connectTo('redis://127.0.0.1:9');
  await until(() => logged('redis connection error') > 0);
  expect(await redis.state()).toBe('down');
  expect(printed).not.toHaveBeenCalled();
});

test.each([
  [1, 100],
  [5, 500],
  [20, 2_000],
  [1_000, 2_000],
])('the attempt %i to connect again comes after %i ms', async (attempt, expected) => {
  const { redis } = await connected();
  expect(redis.client.options.retryStrategy?.(attempt)).toBe(expected);
});
