import { expect, onTestFinished } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { answering, json, okay, startRawServer } from './raw-server.ts';
import { ask, test, upstreamAt, withRedis } from './shared-support.ts';
import { failureOf } from './support.ts';

const { redis, instance } = withRedis();

/** An upstream that answers nobody before it is told to. */
async function startHeldServer() {
  const held: (() => void)[] = [];
  let open = false;
  const server = await startRawServer((socket, head) => {
    if (open) okay(socket, head);
    else held.push(() => okay(socket, head));
  });
  return {
    ...server,
    release() {
      open = true;
      for (const answer of held.splice(0)) answer();
    },
  };
}

const turnsTaken = ({ shared }: Awaited<ReturnType<typeof instance>>) =>
  shared.client.keys('typed-bff:turn:*');

test('what three instances ask for at one time is fetched once', async () => {
  const { url, heads, release } = await startHeldServer();
  const instances = [await instance(), await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const asked = instances.flatMap((each) => [ask(each, upstream), ask(each, upstream)]);
  await expect.poll(() => heads.length).toBe(1);
  release();
  const answers = await Promise.all(asked);
  expect(answers.map(({ data }) => data)).toEqual(Array(6).fill({ ok: true }));
  expect(heads).toHaveLength(1);
  const [one] = instances;
  if (one) await expect.poll(() => turnsTaken(one)).toEqual([]);
});

test('different things are fetched at one time', async () => {
  const { url, heads, release } = await startHeldServer();
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const asked = [ask(one, upstream, 'a'), ask(other, upstream, 'b')];
  await expect.poll(() => heads.length).toBe(2);
  release();
  expect((await Promise.all(asked)).map(({ cache }) => cache)).toEqual(['miss', 'miss']);
});

test('a failure is nobody else’s: the next instance asks at once', async () => {
  let script = answering('400 No', json, '{}');
  const { url, heads } = await startRawServer((socket, head) => script(socket, head));
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  expect((await failureOf(ask(one, upstream))).reason).toBe('upstream_refused');
  script = okay;
  expect(await ask(other, upstream)).toMatchObject({ cache: 'miss', data: { ok: true } });
  expect(heads).toHaveLength(2);
});

test('an instance that died in its turn, or is slow, is not waited for without end', async () => {
  const { url, heads, release } = await startHeldServer();
  const [one, other] = [await instance(), await instance()];
  const upstream = upstreamAt(url, 'public');
  const first = ask(one, upstream);
  await expect.poll(() => heads.length).toBe(1);
  // The other one comes without the first having given its turn back.
  const second = ask(other, upstream);
  const patience = limits.redis.lockPollInterval * limits.redis.lockPolls;
  await expect.poll(() => heads.length, { timeout: 10 * patience }).toBe(2);
  release();
  expect(await second).toMatchObject({ cache: 'miss', data: { ok: true } });
  await first;
});

test('a turn that lasted too long takes nobody else’s away', async () => {
  const { url, heads, release } = await startHeldServer();
  const one = await instance();
  const upstream = upstreamAt(url, 'public');
  const asked = ask(one, upstream);
  await expect.poll(() => heads.length).toBe(1);
  const [name = ''] = await turnsTaken(one);
  await one.shared.client.set(name, 'of another instance');
  release();
  await asked;
  // Redis takes commands in their order.
  await one.shared.client.ping();
  expect(await one.shared.client.get(name)).toBe('of another instance');
});

test.each(['stopped', 'frozen'])('with Redis %s every instance asks by itself', async (state) => {
  const { url, heads } = await startRawServer(okay);
  const [one, other] = [await instance(), await instance()];
  if (state === 'stopped') await redis().stop();
  else redis().pause();
  onTestFinished(() => redis().resume());
  const upstream = upstreamAt(url, 'public');
  const answers = await Promise.all([ask(one, upstream), ask(other, upstream)]);
  expect(answers.map(({ cache }) => cache)).toEqual(['miss', 'miss']);
  expect(heads).toHaveLength(2);
});
