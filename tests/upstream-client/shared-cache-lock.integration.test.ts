import { expect, onTestFinished } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { ask, stored, test, upstreamAt, withRedis } from './shared-cache-support.ts';
import { failureOf } from './support.ts';

const { redis, instance } = withRedis();

/** Starts an upstream that holds every request until `release`. */
async function startHeldServer() {
  const held: (() => void)[] = [];
  let open = false;
  const server = await startRawServer((socket, head) => {
    if (open) respondOk(socket, head);
    else held.push(() => respondOk(socket, head));
  });
  return {
    ...server,
    release() {
      open = true;
      for (const respond of held.splice(0)) respond();
    },
  };
}

const locksHeld = ({ shared }: Awaited<ReturnType<typeof instance>>) =>
  shared.client.keys('typed-bff:turn:*');

test('concurrent requests of three instances for one key are fetched once', async () => {
  const { url, heads, release } = await startHeldServer();
  const instances = [await instance(), await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const requested = instances.flatMap((each) => [ask(each, upstream), ask(each, upstream)]);
  await expect.poll(() => heads.length).toBe(1);
  release();
  const responses = await Promise.all(requested);
  expect(responses.map(({ data }) => data)).toEqual(Array(6).fill({ ok: true }));
  expect(heads).toHaveLength(1);
  const [one] = instances;
  if (one) await expect.poll(() => locksHeld(one)).toEqual([]);
});

test('different keys are fetched concurrently', async () => {
  const { url, heads, release } = await startHeldServer();
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const requested = [ask(one, upstream, 'a'), ask(other, upstream, 'b')];
  await expect.poll(() => heads.length).toBe(2);
  release();
  expect((await Promise.all(requested)).map(({ cache }) => cache)).toEqual(['miss', 'miss']);
});

test('a failure is not shared: the next instance sends its request at once', async () => {
  let script = respondWith('400 No', json, '{}');
  const { url, heads } = await startRawServer((socket, head) => script(socket, head));
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  expect((await failureOf(ask(one, upstream))).reason).toBe('upstream_refused');
  script = respondOk;
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', data: { ok: true } });
  expect(heads).toHaveLength(2);
});

test('an instance waits only a limited time for the lock of a dead or slow instance', async () => {
  const { url, heads, release } = await startHeldServer();
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const first = ask(one, upstream);
  await expect.poll(() => heads.length).toBe(1);
  // The second instance starts while the first one still has the lock.
  const second = ask(other, upstream);
  const maxWait = limits.redis.lockPollInterval * limits.redis.lockPolls;
  await expect.poll(() => heads.length, { timeout: 10 * maxWait }).toBe(2);
  release();
  expect(await second).toMatchObject({ cache: 'miss', data: { ok: true } });
  await first;
});

test('an instance whose lock has expired does not release the lock of another one', async () => {
  const { url, heads, release } = await startHeldServer();
  const one = await instance();
  const upstream = upstreamAt(url, 'public');
  const requested = ask(one, upstream);
  await expect.poll(() => heads.length).toBe(1);
  const [name = ''] = await locksHeld(one);
  await one.shared.client.set(name, 'of another instance');
  release();
  await requested;
  // Redis executes commands in order.
  await one.shared.client.ping();
  expect(await one.shared.client.get(name)).toBe('of another instance');
});

test('a lock with more than its lifetime left, because the clock of Redis was set back, counts as expired', async () => {
  const { url, heads, release } = await startHeldServer();
  const [one, other] = [await instance(), await instance()];
  const { client } = one.shared;
  const upstream = upstreamAt(url, 'public');
  const requested = ask(one, upstream);
  await expect.poll(() => heads.length).toBe(1);
  const [name = ''] = await locksHeld(one);
  release();
  await requested;
  await expect.poll(() => stored(one)).toHaveLength(1);
  await client.del(await stored(one));
  await client.set(name, 'of a dead instance', 'PX', 3_600_000);
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss' });
  // The other instance has acquired and released the lock.
  await expect.poll(() => locksHeld(one)).toEqual([]);
});

test.each(['stopped', 'frozen'])('with Redis %s every instance sends its own request', async (state) => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  if (state === 'stopped') await redis().stop();
  else redis().pause();
  onTestFinished(() => redis().resume());
  const upstream = upstreamAt(url, 'public');
  const responses = await Promise.all([ask(one, upstream), ask(other, upstream)]);
  expect(responses.map(({ cache }) => cache)).toEqual(['miss', 'miss']);
  expect(heads).toHaveLength(2);
});
