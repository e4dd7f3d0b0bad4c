import { once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { createHints, type Hints } from '#server/live/hints.ts';
import { createLogger } from '#server/observability/log.ts';
import { connectRedis } from '#server/redis.ts';
import { fakeCoordinator } from '#tests/process/fake-coordinator.ts';
import { type RedisServer, startRedis } from '#tests/support/redis.ts';
import { has, testWith } from '#tests/support/skip.ts';

const test = testWith('redis');
const log = createLogger({ level: 'silent' });
let redis: RedisServer;

beforeAll(async () => {
  if (has('redis')) redis = await startRedis();
});
afterAll(() => redis?.close());

/** The hints of an instance, until the end of the test. */
function instance(): { hints: Hints; heard: (string | undefined)[] } {
  const shared = connectRedis(redis.url, log);
  const hints = createHints({ redis: shared, coordinator: undefined, log });
  const heard: (string | undefined)[] = [];
  hints.listen('mail', (key) => heard.push(key));
  onTestFinished(() => {
    hints.close();
    shared.close();
  });
  return { hints, heard };
}

test('a change at one instance is announced to the others', async () => {
  const [here, there] = [instance(), instance()];
  // Anything may have changed before the instance listened.
  await vi.waitFor(() => expect(there.heard).toEqual([undefined]));
  await vi.waitFor(() => expect(here.heard).toEqual([undefined]));
  here.hints.announce('mail', 'a');
  await vi.waitFor(() => expect(there.heard).toEqual([undefined, 'a']));
});

test('an instance that has lost its connection looks at all keys once it listens again', async () => {
  const [here, there] = [instance(), instance()];
  await vi.waitFor(() => expect(there.heard).toEqual([undefined]));
  await redis.stop();
  here.hints.announce('mail', 'lost');
  await redis.start();
  await vi.waitFor(() => expect(there.heard).toEqual([undefined, undefined]), { timeout: 20_000 });
  await vi.waitFor(
    () => {
      here.hints.announce('mail', 'again');
      expect(there.heard).toContain('again');
    },
    { timeout: 20_000 },
  );
  expect(there.heard).not.toContain('lost');
});

test('messages of other programs on the channel are ignored', async () => {
  const { heard } = instance();
  await vi.waitFor(() => expect(heard).toEqual([undefined]));
  const other = connectRedis(redis.url, log);
  onTestFinished(() => other.close());
  await once(other.client, 'ready');
  for (const message of ['', 'mail', 'weather a', 'mail b']) {
    await other.attempt((client) => client.publish('typed-bff:hints', message));
  }
  await vi.waitFor(() => expect(heard).toContain('b'));
  expect(heard).toEqual([undefined, 'b']);
});

test('a change is announced to the other workers of the machine, and theirs are heard', () => {
  const coordinator = fakeCoordinator();
  const hints = createHints({ redis: undefined, coordinator, log });
  const heard: (string | undefined)[] = [];
  hints.listen('mail', (key) => heard.push(key));
  hints.announce('mail', 'own');
  expect(coordinator.sendHint).toHaveBeenCalledWith('mail', 'own');
  const [[onHint] = []] = vi.mocked(coordinator.onHint).mock.calls;
  onHint?.('mail', 'of another worker');
  expect(heard).toEqual(['own', 'of another worker']);
});
