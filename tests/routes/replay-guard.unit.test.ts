import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSharedState } from '#server/cluster/shared-state.ts';
import { limits } from '#server/config/limits.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Coordinator } from '#server/process/coordinator.ts';
import { connectRedis } from '#server/redis.ts';
import { createReplayGuard } from '#server/replay-guard.ts';
import { fakeCacheClock } from '#tests/support/fake-clock.ts';
import { startLyingRedis } from '#tests/support/lying-redis.ts';

const { rememberedFor, signatures } = limits.webhook;

async function connected() {
  const server = await startLyingRedis();
  const redis = connectRedis(server.url, createLogger({ level: 'silent' }));
  onTestFinished(redis.close);
  await once(redis.client, 'ready');
  return { server, redis };
}

/** The coordinator of a worker whose primary has this state. It records the names that were asked for. */
function workerOf({ putIfAbsent }: ReturnType<typeof createSharedState>) {
  const names: string[] = [];
  const coordinator: Pick<Coordinator, 'putIfAbsent'> = {
    putIfAbsent: async (space, name, value) => {
      names.push(name);
      return putIfAbsent(space, name, value);
    },
  };
  return { names, coordinator };
}

test('a signature is accepted once, and another one is accepted, too', async () => {
  const { use } = createReplayGuard(undefined);
  expect([await use('first'), await use('first'), await use('second')]).toEqual([true, false, true]);
});

test('of two concurrent uses of a signature one is accepted', async () => {
  const { use } = createReplayGuard(undefined);
  expect(await Promise.all([use('once'), use('once')])).toEqual([true, false]);
});

test('a signature is remembered for as long as its timestamp can be accepted', async () => {
  const pass = fakeCacheClock();
  const { use } = createReplayGuard(undefined);
  await use('signature');
  pass(rememberedFor);
  expect(await use('signature')).toBe(false);
  pass(rememberedFor + 1);
  expect(await use('signature')).toBe(true);
});

test('as many signatures are remembered as the limit says', async () => {
  const { use } = createReplayGuard(undefined);
  for (let index = 0; index < signatures; index += 1) await use(`signature ${index}`);
  expect(await use('signature 0')).toBe(false);
});

describe('workers', () => {
  test('accept a signature once between them', async () => {
    const state = createSharedState();
    const [one, other] = [workerOf(state), workerOf(state)];
    expect(await createReplayGuard(undefined, one.coordinator).use('signature')).toBe(true);
    expect(await createReplayGuard(undefined, other.coordinator).use('signature')).toBe(false);
  });

  test('do not ask the primary about a signature that they have seen, and send only its hash', async () => {
    const { names, coordinator } = workerOf(createSharedState());
    const { use } = createReplayGuard(undefined, coordinator);
    await use('signature');
    await use('signature');
    expect(names).toHaveLength(1);
    expect(names[0]).not.toContain('signature');
  });

  test('accept a signature if the primary does not reply', async () => {
    const { use } = createReplayGuard(undefined, { putIfAbsent: async () => undefined });
    expect(await use('signature')).toBe(true);
  });
});

describe('with Redis', () => {
  test.each([
    ['a signature that it did not have is accepted', '+OK\r\n', true],
    ['a signature that another instance has used is rejected', '$-1\r\n', false],
    ['a signature is accepted if Redis fails', '-ERR no\r\n', true],
  ])('%s', async (_, reply, accepted) => {
    const { server, redis } = await connected();
    server.lie('set', reply);
    expect(await createReplayGuard(redis).use('signature')).toBe(accepted);
  });

  test('only the hash of a signature is stored, unless it exists, and it expires', async () => {
    const { server, redis } = await connected();
    await createReplayGuard(redis).use('signature');
    expect(server.received('set')).toEqual([
      [expect.stringMatching(/^typed-bff:signature:[\w-]{43}$/), '', 'PX', String(rememberedFor), 'NX'],
    ]);
  });

  test('a signature that another worker has used is rejected without a command', async () => {
    const { server, redis } = await connected();
    const { use } = createReplayGuard(redis, { putIfAbsent: async () => 'used' });
    expect(await use('signature')).toBe(false);
    expect(server.received('set')).toEqual([]);
  });
});
