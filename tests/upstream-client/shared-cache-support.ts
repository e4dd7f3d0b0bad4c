import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createLogger } from '#server/observability/log.ts';
import { connectRedis } from '#server/redis.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import { createSharedCache } from '#server/upstream-client/shared-cache.ts';
import { advance } from '#tests/support/fake-clock.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { testWith } from '#tests/support/skip.ts';
import { clientOf } from './support.ts';

/** Use for tests with `withRedis()`: they are skipped without a Redis server. */
export const test = testWith('redis');

/** Starts a real Redis for the tests of a file, emptied before each test. Creates upstream clients that use it. */
export function withRedis() {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.stop();
    await redis.start();
  });
  afterAll(() => redis.close());
  return {
    redis: () => redis,
    /** Creates a client with its own Redis connection, like another instance of the product. */
    async instance(variables: Record<string, string> = {}) {
      const shared = connectRedis(redis.url, createLogger({ level: 'silent' }));
      onTestFinished(() => shared.close());
      await expect.poll(() => shared.state()).toBe('ok');
      return { client: clientOf(variables, { shared: createSharedCache(shared) }), shared };
    },
  };
}

export function upstreamAt(url: string, scope: 'credential' | 'public' = 'credential') {
  return defineUpstream({
    name: 'shared',
    title: 'Shared',
    origin: () => url,
    ...(scope === 'public'
      ? {}
      : { credential: { header: 'authorization', value: (env) => env.FIXTURE_ITEMS_TOKEN } }),
    endpoints: {
      thing: {
        method: 'GET',
        template: '/things/{id}',
        summary: 'A thing',
        description: 'With a cache.',
        params: z.object({ id: z.string() }),
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        cache: { freshFor: 60_000, staleIfErrorFor: 600_000, scope },
        mayBeMissing: true,
        example: { params: { id: 'secret-question' } },
      },
    },
  });
}

type Instance = Awaited<ReturnType<ReturnType<typeof withRedis>['instance']>>;

export const ask = ({ client }: Instance, upstream: ReturnType<typeof upstreamAt>, id = 'secret-question') =>
  client.request(upstream, upstream.endpoints.thing, { params: { id } });

/** Returns the Redis keys of the cached responses. */
export const stored = ({ shared }: Instance) => shared.client.keys('typed-bff:answer:*');

/** Lets time pass in Redis and by the clocks of the instances, which must be faked. */
export async function elapse(instance: Instance, milliseconds: number): Promise<void> {
  advance(milliseconds);
  await setRedisClock(instance, milliseconds);
}

/** Shifts the remaining lifetime of the cached responses, as setting the clock of Redis forward or back does. */
export async function setRedisClock(instance: Instance, byMilliseconds: number): Promise<void> {
  const { client } = instance.shared;
  for (const key of await stored(instance))
    await client.pexpire(key, (await client.pttl(key)) - byMilliseconds);
}
