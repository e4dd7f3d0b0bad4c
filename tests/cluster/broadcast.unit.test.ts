import { expect, test } from 'vitest';
import { createBroadcast } from '#server/cluster/broadcast.ts';
import { type FakeWorker, fakeWorker } from './fake-worker.ts';

const query = { kind: 'query', topic: 'upstreams' } as const;

/** Returns the id of the latest broadcast that a worker got. */
function idAt({ received }: FakeWorker): number {
  const message = received.at(-1);
  if (message?.kind !== 'query') throw new Error('the worker got no query');
  return message.id;
}

test('a broadcast resolves to the replies of all workers once the last one has replied', async () => {
  const { broadcast, onReply } = createBroadcast();
  const [one, two] = [fakeWorker(1), fakeWorker(2)];
  const replies = broadcast([one, two], query);
  onReply(two, idAt(two), 'second');
  onReply(one, idAt(one), 'first');
  expect(await replies).toEqual([
    { worker: two, value: 'second' },
    { worker: one, value: 'first' },
  ]);
});

test.each([undefined, null])(
  'a worker without a handler, whose reply is %s, adds no reply',
  async (value) => {
    const { broadcast, onReply } = createBroadcast();
    const [one, two] = [fakeWorker(1), fakeWorker(2)];
    const replies = broadcast([one, two], query);
    onReply(one, idAt(one), value);
    onReply(two, idAt(two), 0);
    expect(await replies).toEqual([{ worker: two, value: 0 }]);
  },
);

test('without other workers a broadcast has no replies', async () => {
  expect(await createBroadcast().broadcast([], query)).toEqual([]);
});

test('a worker that exits is not waited for', async () => {
  const { broadcast, onReply, onExit } = createBroadcast();
  const [one, two] = [fakeWorker(1), fakeWorker(2)];
  const replies = broadcast([one, two], query);
  onReply(one, idAt(one), 'first');
  onExit(two);
  expect(await replies).toEqual([{ worker: one, value: 'first' }]);
});

test('a second reply of one worker does not stand for that of another', async () => {
  const { broadcast, onReply } = createBroadcast();
  const [one, two] = [fakeWorker(1), fakeWorker(2)];
  let resolved = false;
  const replies = broadcast([one, two], query).finally(() => {
    resolved = true;
  });
  onReply(one, idAt(one), 'first');
  onReply(one, idAt(one), 'again');
  await new Promise(setImmediate);
  expect(resolved).toBe(false);
  onReply(two, idAt(two), 'second');
  expect((await replies).at(-1)).toEqual({ worker: two, value: 'second' });
});

test('a reply to an earlier broadcast goes to no later one', async () => {
  const { broadcast, onReply, onExit } = createBroadcast();
  const [one, two] = [fakeWorker(1), fakeWorker(2)];
  const first = broadcast([one, two], query);
  const firstId = idAt(one);
  onReply(one, firstId, 'first');
  onExit(two);
  await first;
  const second = broadcast([one], query);
  onReply(one, firstId, 'late');
  onReply(one, idAt(one), 'new');
  expect(await second).toEqual([{ worker: one, value: 'new' }]);
});

test('a worker that hangs is waited for until the timeout', async () => {
  const { broadcast, onReply } = createBroadcast();
  const [hangs, responds] = [fakeWorker(1), fakeWorker(2)];
  const replies = broadcast([hangs, responds], query);
  onReply(responds, idAt(responds), 'in time');
  expect(await replies).toEqual([{ worker: responds, value: 'in time' }]);
});
