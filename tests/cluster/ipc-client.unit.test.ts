import { expect, onTestFinished, test, vi } from 'vitest';
import { createIpcClient } from '#server/cluster/ipc-client.ts';
import { limits } from '#server/config/limits.ts';
import { fakeChannel } from './fake-channel.ts';

const connect = { kind: 'connect' } as const;

function idsOf(sent: ReturnType<typeof fakeChannel>['sent']): number[] {
  return sent.flatMap((message) => (message.kind === 'request' ? [message.id] : []));
}

test('a request gets the response with its own id, in any order of the responses', async () => {
  const { sent, receive } = fakeChannel();
  const { request } = createIpcClient(() => undefined);
  const requests = [request(connect), request(connect)];
  const [first, second] = idsOf(sent);
  receive({ kind: 'response', id: second, value: 'second' });
  receive({ kind: 'response', id: first, value: 'first' });
  expect(await Promise.all(requests)).toEqual(['first', 'second']);
  expect(sent[0]).toEqual({ kind: 'request', id: first, request: connect });
});

test('a request without a response resolves to undefined after the timeout, and a late response has no effect', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { sent, receive } = fakeChannel();
  const { request } = createIpcClient(() => undefined);
  const outcome = vi.fn();
  const requested = request(connect).then(outcome);
  await vi.advanceTimersByTimeAsync(limits.cluster.responseTimeout - 1);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await requested;
  expect(outcome).toHaveBeenCalledWith(undefined);
  const next = request(connect);
  const [late, current] = idsOf(sent);
  receive({ kind: 'response', id: late, value: 'late' });
  receive({ kind: 'response', id: current, value: 'in time' });
  expect(await next).toBe('in time');
});

test('all other messages of the primary are passed on, without responses and without what is no message', () => {
  const { receive } = fakeChannel();
  const onMessage = vi.fn();
  createIpcClient(onMessage);
  for (const message of [
    { kind: 'drain' },
    { kind: 'response', id: 1, value: 'of no request' },
    { kind: 'query', id: 1, topic: 'upstreams' },
    { kind: 'query', id: 1, topic: 'no topic' },
    { kind: 'unknown' },
    'text',
  ]) {
    receive(message);
  }
  expect(onMessage.mock.calls).toEqual([[{ kind: 'drain' }], [{ kind: 'query', id: 1, topic: 'upstreams' }]]);
});

test('a message counts as sent once the channel has taken it', async () => {
  const { stall } = fakeChannel();
  const release = stall();
  const { send } = createIpcClient(() => undefined);
  const isSent = vi.fn();
  const sending = send({ kind: 'drained' }).then(isSent);
  await new Promise(setImmediate);
  expect(isSent).not.toHaveBeenCalled();
  release();
  await sending;
});
