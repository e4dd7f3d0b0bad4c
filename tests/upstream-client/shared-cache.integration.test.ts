import { expect } from 'vitest';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import { fakeClocks, setWallClock } from '#tests/support/fake-clock.ts';
import { json, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { ask, elapse, setRedisClock, stored, test, upstreamAt, withRedis } from './shared-cache-support.ts';
import { failureOf } from './support.ts';

const { instance } = withRedis();
fakeClocks();

test('an instance reuses the response that another one cached, and the Redis keys reveal nothing', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  expect((await ask(one, upstream)).cache).toBe('miss');
  await expect.poll(() => stored(one)).toHaveLength(1);
  expect(await ask(other, upstream)).toMatchObject({ cache: 'hit', data: { ok: true }, status: 200 });
  expect(heads).toHaveLength(1);
  expect(await stored(one)).toEqual([expect.stringMatching(/^typed-bff:answer:[\w-]{43}$/)]);
  expect((await one.shared.client.keys('*')).join()).not.toMatch(/secret|shared|things/);
});

test('a shared entry keeps its age and expires in Redis with its last window', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  const [key = ''] = await stored(one);
  const left = await one.shared.client.pttl(key);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(600_000);
  await elapse(one, 45_000);
  const { ageSeconds, ...response } = await ask(other, upstream);
  expect(response).toMatchObject({ cache: 'hit', isStaleIfError: false });
  // In addition to the faked time, some real time passes in Redis.
  expect(ageSeconds).toBeGreaterThanOrEqual(45);
  expect(ageSeconds).toBeLessThan(60);
  await elapse(one, 15_000);
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', ageSeconds: 0 });
  expect(heads).toHaveLength(2);
  // The first instance gets what the second one fetched.
  expect(await ask(one, upstream)).toMatchObject({ cache: 'hit', ageSeconds: 0 });
  expect(heads).toHaveLength(2);
});

test.each([
  ['ahead of', 3_600_000],
  ['behind', -3_600_000],
])(
  'the age of a shared entry is right on an instance whose clock is an hour %s the other one',
  async (_, hour) => {
    const { url, heads } = await startRawServer(respondOk);
    const [one, other] = [await instance(), await instance()];
    const upstream = upstreamAt(url, 'public');
    await ask(one, upstream, 'fresh');
    await ask(one, upstream, 'stale');
    await expect.poll(() => stored(one)).toHaveLength(2);
    setWallClock(hour);
    expect(await ask(other, upstream, 'fresh')).toMatchObject({ cache: 'hit', isStaleIfError: false });
    expect(heads).toHaveLength(2);
    await elapse(one, 120_000);
    expect(await ask(other, upstream, 'stale')).toMatchObject({ cache: 'miss', ageSeconds: 0 });
    expect(heads).toHaveLength(3);
  },
);

test('an entry whose age is unknown, because the clock of Redis was set back, is not used', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  await setRedisClock(one, -3_600_000);
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', ageSeconds: 0 });
  expect(heads).toHaveLength(2);
});

test('a 404 removes the entry for all instances', async () => {
  let script = respondOk;
  const { url } = await startRawServer((socket, head) => script(socket, head));
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  script = respondWith('404 No', json, '{}');
  await elapse(one, 120_000);
  expect((await failureOf(ask(one, upstream))).reason).toBe('not_found');
  await expect.poll(() => stored(one)).toEqual([]);
  script = respondWith('400 No', json, '{}');
  expect((await failureOf(ask(other, upstream))).reason).toBe('upstream_refused');
});

test('a response is shared only between instances with the same credential', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url);
  const one = await instance({ FIXTURE_ITEMS_TOKEN: 'secret-a' });
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  expect((await ask(await instance({ FIXTURE_ITEMS_TOKEN: 'secret-b' }), upstream)).cache).toBe('miss');
  expect((await ask(await instance(), upstream)).cache).toBe('miss');
  expect((await ask(await instance({ FIXTURE_ITEMS_TOKEN: 'secret-a' }), upstream)).cache).toBe('hit');
  expect(heads).toHaveLength(3);
  await expect.poll(() => stored(one)).toHaveLength(3);
  const contents = await Promise.all((await stored(one)).map((key) => one.shared.client.get(key)));
  expect(contents.join()).not.toMatch(/secret/);
});

test('a response of an anonymous endpoint is shared between instances with different credentials', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const declared = upstreamAt(url);
  const { thing } = declared.endpoints;
  const endpoint = { ...thing, anonymous: true, cache: { ...thing.cache, scope: 'public' } } as const;
  const upstream = defineUpstream({ ...declared, endpoints: { thing: endpoint } });
  const [one, other] = [
    await instance({ FIXTURE_ITEMS_TOKEN: 'a' }),
    await instance({ FIXTURE_ITEMS_TOKEN: 'b' }),
  ];
  const params = { id: 'x' };
  await one.client.request(upstream, upstream.endpoints.thing, { params });
  await expect.poll(() => stored(one)).toHaveLength(1);
  expect((await other.client.request(upstream, upstream.endpoints.thing, { params })).cache).toBe('hit');
  expect(heads).toHaveLength(1);
  expect(heads[0]).not.toMatch(/^authorization:/im);
});

test('a stale shared entry is served when the upstream fails', async () => {
  let well = true;
  const { url } = await startRawServer((socket, head) =>
    (well ? respondOk : respondWith('500 No', json, '{}'))(socket, head),
  );
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  await ask(one, upstream);
  await expect.poll(() => stored(one)).toHaveLength(1);
  well = false;
  await elapse(one, 120_000);
  const { ageSeconds, ...response } = await ask(other, upstream);
  expect(response).toMatchObject({ cache: 'stale', isStaleIfError: true });
  expect(ageSeconds).toBeGreaterThanOrEqual(120);
  expect(ageSeconds).toBeLessThan(600);
});

test('a failure is not stored in Redis', async () => {
  const { url } = await startRawServer(respondWith('400 No', json, '{}'));
  const one = await instance();
  expect((await failureOf(ask(one, upstreamAt(url, 'public')))).reason).toBe('upstream_refused');
  expect(await stored(one)).toEqual([]);
});
