import { expect, test, vi } from 'vitest';
import { createBroadcast } from '#server/cluster/broadcast.ts';
import { limits } from '#server/config/limits.ts';
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
  vi.useFakeTimers();
  try {
    const { broadcast, onReply } = createBroadcast();
    const [one, two] = [fakeWorker(1), fakeWorker(2)];
    let resolved = false;
    const replies = broadcast([one, two], query).finally(() => {
      resolved = true;
    });
    onReply(one, idAt(one), 'first');
    onReply(one, idAt(one), 'again');
    await vi.advanceTimersByTimeAsync(limits.cluster.broadcastTimeout - 1);
    expect(resolved).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await replies;
  } finally {
    vi.useRealTimers();
  }
});

test('a reply after the timeout goes to no later broadcast', async () => {
  vi.useFakeTimers();
  try {
    const { broadcast, onReply } = createBroadcast();
    const [hangs, replies] = [fakeWorker(1), fakeWorker(2)];
    const first = broadcast([hangs, replies], query);
    const firstId = idAt(hangs);
    onReply(replies, firstId, 'in time');
    await vi.advanceTimersByTimeAsync(limits.cluster.broadcastTimeout);
    expect(await first).toEqual([{ worker: replies, value: 'in time' }]);
    const second = broadcast([hangs], query);
    onReply(hangs, firstId, 'late');
    onReply(hangs, idAt(hangs), 'new');
    expect(await second).toEqual([{ worker: hangs, value: 'new' }]);
  } finally {
    vi.useRealTimers();
  }
});
