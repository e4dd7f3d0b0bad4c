import { describe, expect, test, vi } from 'vitest';
import type { WorkerRequest } from '#server/cluster/ipc-messages.ts';
import { joinCluster } from '#server/cluster/join-cluster.ts';
import { fakeChannel } from './fake-channel.ts';

const startedAt = new Date('2026-06-01T00:00:00Z');
const connected = { salt: 'salt', startedAt, othersServe: true };

/** Joins the cluster of a primary with these responses. */
async function join(responses: Partial<Record<WorkerRequest['kind'], unknown>> = {}) {
  const channel = fakeChannel(({ kind }) => (kind === 'connect' ? connected : responses[kind]));
  const commands = { drain: vi.fn(), shutdown: vi.fn() };
  const connection = await joinCluster(commands);
  return { ...channel, ...connection, commands };
}

/** A mail delivery that records its commands. Its stop ends with `stopped`. */
function recordedDelivery(stopped: Promise<void> = Promise.resolve()) {
  const commands: string[] = [];
  return {
    commands,
    delivery: {
      start: () => void commands.push('start'),
      stop: () => {
        commands.push('stop');
        return stopped;
      },
      wake: () => void commands.push('wake'),
    },
  };
}

const turn = () => new Promise(setImmediate);

test('a worker gets the values that all workers share', async () => {
  const { coordinator, othersServe, sentKinds } = await join();
  expect(sentKinds()).toEqual(['connect']);
  expect(coordinator.salt).toBe('salt');
  expect(coordinator.startedAt).toEqual(startedAt);
  expect(othersServe).toBe(true);
});

test('a hint is sent to the primary, and those of other workers are heard', async () => {
  const { coordinator, sent, receive } = await join();
  const hear = vi.fn();
  coordinator.onHint(hear);
  coordinator.sendHint('mail', 'own');
  expect(sent.at(-1)).toEqual({ kind: 'hint', topic: 'mail', key: 'own' });
  receive({ kind: 'hint', topic: 'mail', key: 'of another worker' });
  expect(hear.mock.calls).toEqual([['mail', 'of another worker']]);
});

test('a call is charged at the primary', async () => {
  const result = { consumed: 3, msBeforeNext: 1_000 };
  const { coordinator, sent } = await join({ charge: [{ ...result, isExhausted: false }] });
  expect(await coordinator.charge('light', 'visitor:a')).toEqual(result);
  expect(sent.at(-1)).toMatchObject({ request: { kind: 'charge', charges: [['light', 'visitor:a', 1]] } });
});

test.each([
  ['previous', 'previous'],
  [undefined, undefined],
  [null, undefined],
  [7, undefined],
])('of the response %j to putIfAbsent the previous value is %j', async (response, previous) => {
  const { coordinator, sent } = await join({ putIfAbsent: response });
  expect(await coordinator.putIfAbsent('signature', 'name', 'value')).toBe(previous);
  expect(sent.at(-1)).toMatchObject({
    request: { kind: 'putIfAbsent', space: 'signature', name: 'name', value: 'value' },
  });
});

test.each([
  [
    ['one', 'two'],
    ['one', 'two'],
  ],
  [undefined, []],
  ['no list', []],
])('of the response %j to a broadcast the replies are %j', async (response, replies) => {
  const { coordinator, sent } = await join({ broadcast: response });
  expect(await coordinator.broadcast('metrics', ['own'])).toEqual(replies);
  expect(sent.at(-1)).toMatchObject({ request: { kind: 'broadcast', topic: 'metrics', own: ['own'] } });
});

describe('a query of the primary', () => {
  test.each<[string, () => unknown, unknown]>([
    ['a value', () => 'value', 'value'],
    ['a promise', () => Promise.resolve('later'), 'later'],
    ['an error', () => Promise.reject(new Error('failed')), undefined],
    [
      'a thrown error',
      () => {
        throw new Error('failed');
      },
      undefined,
    ],
  ])('whose handler returns %s gets a reply', async (_, handler, value) => {
    const { coordinator, receive, sent } = await join();
    coordinator.onBroadcast('upstreams', handler);
    receive({ kind: 'query', id: 4, topic: 'upstreams' });
    await turn();
    expect(sent.at(-1)).toEqual({ kind: 'reply', id: 4, ...(value === undefined ? {} : { value }) });
  });

  test('without a handler gets a reply without a value', async () => {
    const { coordinator, receive, sent } = await join();
    coordinator.onBroadcast('upstreams', () => 'value');
    receive({ kind: 'query', id: 4, topic: 'metrics' });
    await turn();
    expect(sent.at(-1)).toEqual({ kind: 'reply', id: 4 });
  });
});

describe('the mail delivery', () => {
  test('starts when the worker becomes the mail leader', async () => {
    const { coordinator, receive } = await join();
    const { commands, delivery } = recordedDelivery();
    coordinator.registerMailDelivery(delivery);
    expect(commands).toEqual([]);
    receive({ kind: 'becomeMailLeader' });
    expect(commands).toEqual(['start']);
  });

  test('starts at its registration if the worker is already the mail leader', async () => {
    const { coordinator, receive } = await join();
    receive({ kind: 'becomeMailLeader' });
    const { commands, delivery } = recordedDelivery();
    coordinator.registerMailDelivery(delivery);
    expect(commands).toEqual(['start']);
  });

  test('is woken by the primary, which every worker can ask for it', async () => {
    const { coordinator, receive, sentKinds } = await join();
    // Nothing to wake yet.
    receive({ kind: 'wakeMailLeader' });
    const { commands, delivery } = recordedDelivery();
    coordinator.registerMailDelivery(delivery);
    receive({ kind: 'wakeMailLeader' });
    expect(commands).toEqual(['wake']);
    coordinator.wakeMailLeader();
    expect(sentKinds().at(-1)).toBe('wakeMailLeader');
  });

  test('of the mail leader ends before the worker resigns, once', async () => {
    const { coordinator, receive, sentKinds, resignMailLeader } = await join();
    const { promise, resolve } = Promise.withResolvers<void>();
    const { commands, delivery } = recordedDelivery(promise);
    coordinator.registerMailDelivery(delivery);
    receive({ kind: 'becomeMailLeader' });
    const resigned = resignMailLeader();
    await turn();
    expect(commands).toEqual(['start', 'stop']);
    expect(sentKinds()).not.toContain('resignMailLeader');
    resolve();
    await resigned;
    expect(sentKinds().at(-1)).toBe('resignMailLeader');
    await resignMailLeader();
    expect(sentKinds().filter((kind) => kind === 'resignMailLeader')).toHaveLength(1);
    expect(commands).toEqual(['start', 'stop']);
  });

  test('of another worker is not stopped when it resigns, and the primary gets no message', async () => {
    const { coordinator, sentKinds, resignMailLeader } = await join();
    const { commands, delivery } = recordedDelivery();
    coordinator.registerMailDelivery(delivery);
    await resignMailLeader();
    expect(commands).toEqual([]);
    expect(sentKinds()).toEqual(['connect']);
  });

  test('is not registered yet when the mail leader resigns', async () => {
    const { receive, sentKinds, resignMailLeader } = await join();
    receive({ kind: 'becomeMailLeader' });
    await resignMailLeader();
    expect(sentKinds()).toEqual(['connect', 'resignMailLeader']);
  });
});

describe('a worker that accepts no more requests', () => {
  test('reports it and goes on, unless it is the mail leader', async () => {
    const { reportDrained, sentKinds } = await join();
    await reportDrained();
    expect(sentKinds()).toEqual(['connect', 'drained']);
  });

  test('waits for all others if it is the mail leader', async () => {
    const { reportDrained, receive, sentKinds } = await join();
    receive({ kind: 'becomeMailLeader' });
    const goesOn = vi.fn();
    const reported = reportDrained().then(goesOn);
    await turn();
    expect(sentKinds()).toEqual(['connect', 'drained']);
    expect(goesOn).not.toHaveBeenCalled();
    receive({ kind: 'allDrained' });
    await reported;
  });

  test('does not wait if all others have reported it before', async () => {
    const { reportDrained, receive } = await join();
    receive({ kind: 'becomeMailLeader' });
    receive({ kind: 'allDrained' });
    await reportDrained();
  });
});

test.each(['drain', 'shutdown'] as const)('the command %s is executed, and no other', async (kind) => {
  const { receive, commands } = await join();
  receive({ kind });
  const executed = Object.entries(commands).filter(([, { mock }]) => mock.calls.length > 0);
  expect(executed.map(([name]) => name)).toEqual([kind]);
});
