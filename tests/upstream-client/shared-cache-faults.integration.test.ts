import { expect, onTestFinished } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { ask, stored, test, upstreamAt, withRedis } from './shared-cache-support.ts';

const { redis, instance } = withRedis();

test.each([
  ['invalid JSON', '{"text":'],
  ['an entry of another format', '{"text":"{}","storedAt":1764244800000}'],
  [
    'a response of another schema',
    JSON.stringify({
      text: JSON.stringify({ status: 200, headers: {}, text: '{"ok":"maybe"}' }),
      id: 'a',
      ttl: 600_000,
    }),
  ],
])('%s in Redis is ignored', async (_, text) => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  for (const key of await stored(one)) await one.shared.client.set(key, text, 'PX', 600_000);
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', data: { ok: true } });
  expect(heads).toHaveLength(2);
});

test('a Redis value of another type is ignored', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  const [key = ''] = await stored(one);
  await one.shared.client.del(key);
  await one.shared.client.rpush(key, 'a', 'b');
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', data: { ok: true } });
  expect(heads).toHaveLength(2);
});

test.each([
  ['above the size limit is not stored', limits.redis.cachedResponseBytes, 0],
  ['slightly below the size limit is stored', limits.redis.cachedResponseBytes - 200, 1],
])('a response %s', async (_, length, count) => {
  const { url } = await startRawServer(respondWith('200 OK', json, `{"ok":true}${' '.repeat(length)}`));
  const one = await instance();
  await ask(one, upstreamAt(url, 'public'));
  // Redis executes commands in order: once PING is answered, an earlier SET has been executed.
  await one.shared.client.ping();
  expect(await stored(one)).toHaveLength(count);
});

test.each(['stopped', 'frozen'])(
  'with Redis %s the client still fetches and caches in memory',
  async (state) => {
    const { url } = await startRawServer(respondOk);
    const one = await instance();
    if (state === 'stopped') await redis().stop();
    else redis().pause();
    onTestFinished(() => redis().resume());
    const upstream = upstreamAt(url, 'public');
    const ids = ['a', 'b', 'a'];
    const kinds = [];
    for (const id of ids) kinds.push((await ask(one, upstream, id)).cache);
    expect(kinds).toEqual(['miss', 'miss', 'hit']);
  },
);

test('Redis is used again after it was killed and restarted', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream, 'before');
  // Waits for the SET, because a command in flight would be sent again on the next connection.
  await expect.poll(() => stored(one)).toHaveLength(1);
  await redis().stop();
  await ask(one, upstream, 'meanwhile');
  await redis().start();
  for (const { shared } of [one, other])
    await expect.poll(() => shared.state(), { timeout: 10_000 }).toBe('ok');
  await ask(one, upstream, 'after');
  await expect.poll(() => stored(other)).toHaveLength(1);
  expect((await ask(other, upstream, 'after')).cache).toBe('hit');
  expect((await ask(other, upstream, 'before')).cache).toBe('miss');
  expect(heads).toHaveLength(4);
});
