import cluster from 'node:cluster';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WorkerRequest } from '#server/cluster/ipc-messages.ts';
import { runPrimary } from '#server/cluster/primary.ts';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import type { TelemetryOptions } from '#server/observability/tracing/start.ts';
import { type ControlledWorker, controlledWorker } from './fake-worker.ts';
import { ownSignals } from './own-signals.ts';

const { exit: realExit } = process;
const { schedulingPolicy } = cluster;

/** All workers that were started, in order. */
let started: ControlledWorker[] = [];
let signals: ReturnType<typeof ownSignals>;
let exit: ReturnType<typeof vi.fn<typeof process.exit>>;
const telemetry = { flush: vi.fn(async () => undefined), stop: vi.fn(async () => undefined) };
const startTelemetry = vi.fn(async (_: TelemetryOptions) => telemetry);
const hasTerminal = vi.fn(() => false);
let setupPrimary: { mock: { lastCall?: unknown[] | undefined }; mockRestore(): void };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  started = [];
  hasTerminal.mockReset().mockReturnValue(false);
  startTelemetry.mockReset().mockResolvedValue(telemetry);
  setupPrimary = vi.spyOn(cluster, 'setupPrimary').mockReturnValue();
  telemetry.stop.mockClear();
  exit = vi.fn<typeof process.exit>();
  process.exit = exit;
  signals = ownSignals('SIGINT', 'SIGTERM', 'SIGHUP');
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  process.exit = realExit;
  setupPrimary.mockRestore();
  cluster.schedulingPolicy = schedulingPolicy;
});

/** Lets time pass, and what follows from it happen. */
async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await new Promise(setImmediate);
}

function worker(id: number): ControlledWorker {
  const found = started[id - 1];
  if (!found) throw new Error(`the worker ${id} was not started`);
  return found;
}

const kindsTo = (id: number) => worker(id).received.map(({ kind }) => kind);

/** Starts the primary, whose first worker begins to load the build. */
async function start(variables: Record<string, string> = {}): Promise<void> {
  const listening = runPrimary(
    parseEnv({ WEB_CONCURRENCY: '2', RATE_LIMITS: 'light=2/60', SHUTDOWN_DELAY: '1', ...variables }),
    {
      startWorker(onMessage) {
        const worker = controlledWorker(started.length + 1, onMessage);
        worker.connected = false;
        started.push(worker);
        return worker;
      },
      startTelemetry,
      hasTerminal,
    },
  );
  await pass();
  cluster.emit('listening');
  await listening;
}

let requests = 0;
/** Sends a request of a worker. Returns the response, once it is there. */
async function request(id: number, asked: WorkerRequest): Promise<unknown> {
  requests += 1;
  const requestId = requests;
  worker(id).say({ kind: 'request', id: requestId, request: asked });
  await pass();
  return responseTo(id, requestId);
}

function responseTo(id: number, requestId: number): unknown {
  for (const message of worker(id).received) {
    if (message.kind === 'response' && message.id === requestId) return message.value;
  }
  throw new Error('there is no response');
}

const connect = (id: number) => request(id, { kind: 'connect' });

/** Starts the primary with two workers that serve. */
async function startReady(variables?: Record<string, string>): Promise<void> {
  await start(variables);
  await connect(1);
  worker(1).becomeReady();
  await pass();
  await connect(2);
  worker(2).becomeReady();
  await pass();
  for (const { received } of started) received.length = 0;
}

/** Replies to the latest query that a worker got. */
function reply(id: number, value: unknown): void {
  const query = worker(id).received.findLast((message) => message.kind === 'query');
  if (query?.kind !== 'query') throw new Error('the worker got no query');
  worker(id).say({ kind: 'reply', id: query.id, value });
}

const counter = (value: number) => [
  { name: 'calls', help: 'calls', type: 'counter', aggregator: 'sum', values: [{ value, labels: {} }] },
];

describe('at the start', () => {
  test('the primary has workers that accept connections directly', async () => {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    await start();
    expect(cluster.schedulingPolicy).toBe(cluster.SCHED_NONE);
    expect(setupPrimary.mock.lastCall).toEqual([
      { exec: expect.stringMatching(/server\/cluster\/worker\.ts$/), args: [] },
    ]);
  });

  test("the operator's NODE_CLUSTER_SCHED_POLICY is kept", async () => {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    vi.stubEnv('NODE_CLUSTER_SCHED_POLICY', 'rr');
    await start();
    expect(cluster.schedulingPolicy).toBe(cluster.SCHED_RR);
  });

  test('the first worker is started alone', async () => {
    await start();
    expect(started).toHaveLength(1);
  });

  test('if no worker can load the build, the primary exits with an error', async () => {
    await start();
    worker(1).say({ kind: 'failed' });
    expect(worker(1).isKilled).toBe(true);
    worker(1).exit();
    await pass();
    expect(exit.mock.calls).toEqual([[1]]);
    expect(telemetry.stop).toHaveBeenCalledTimes(1);
  });
});

test('if no worker can load the build, one that is started by SIGHUP meanwhile is killed', async () => {
  await start();
  signals.send('SIGHUP');
  await pass();
  await connect(2);
  worker(1).say({ kind: 'failed' });
  worker(1).exit();
  await pass();
  expect(worker(2).isKilled).toBe(true);
});

describe('a worker that connects', () => {
  test('gets the same salt and start time as the others, and whether others serve', async () => {
    await start();
    const startedAt = new Date();
    const first = await connect(1);
    expect(first).toEqual({ salt: expect.stringMatching(/^[\da-f]{32}$/), startedAt, othersServe: false });
    worker(1).becomeReady();
    await pass(60_000);
    expect(await connect(2)).toEqual({ ...Object(first), othersServe: true });
  });

  test('does not count itself or workers that still start as others that serve', async () => {
    await startReady();
    worker(1).state = 'starting';
    expect(await connect(2)).toMatchObject({ othersServe: false });
  });
});

describe('the workers share', () => {
  test('the rate limits', async () => {
    await startReady();
    const charge = (id: number) => request(id, { kind: 'charge', charges: [['light', 'visitor:a', 1]] });
    const results = [await charge(1), await charge(2), await charge(1)];
    expect(results).toEqual([
      [{ consumed: 1, msBeforeNext: 60_000, isExhausted: false }],
      [{ consumed: 2, msBeforeNext: 60_000, isExhausted: false }],
      [{ consumed: 3, msBeforeNext: 60_000, isExhausted: true }],
    ]);
  });

  test('the signatures that were used', async () => {
    await startReady();
    const use = (id: number) =>
      request(id, { kind: 'putIfAbsent', space: 'signature', name: 'hash', value: `worker ${id}` });
    expect([await use(1), await use(2)]).toEqual([undefined, 'worker 1']);
  });
});

describe('a broadcast', () => {
  test('goes to all other connected workers and returns their replies', async () => {
    await startReady({ WEB_CONCURRENCY: '3' });
    expect(worker(3).connected).toBe(false);
    worker(1).say({ kind: 'request', id: -1, request: { kind: 'broadcast', topic: 'upstreams' } });
    expect([kindsTo(1), kindsTo(2), kindsTo(3)]).toEqual([[], ['query'], []]);
    expect(worker(2).received[0]).toMatchObject({ topic: 'upstreams' });
    reply(2, 'value');
    await pass();
    expect(responseTo(1, -1)).toEqual(['value']);
  });

  test('does not wait for a worker that exits', async () => {
    await startReady();
    worker(1).say({ kind: 'request', id: -1, request: { kind: 'broadcast', topic: 'upstreams' } });
    worker(2).exit();
    await pass();
    expect(responseTo(1, -1)).toEqual([]);
  });

  test('for metrics returns those of the others, also of exited ones', async () => {
    await startReady();
    worker(1).say({
      kind: 'request',
      id: -1,
      request: { kind: 'broadcast', topic: 'metrics', own: counter(1) },
    });
    reply(2, counter(10));
    await pass();
    expect(responseTo(1, -1)).toEqual([counter(10), []]);
    // The own metrics of a worker and its last reply count when it exits, and its final ones instead if it sends them.
    worker(1).exit();
    await pass();
    await connect(3);
    worker(3).becomeReady();
    await request(2, { kind: 'finalMetrics', metrics: counter(20) });
    worker(2).exit();
    await pass();
    expect(await request(3, { kind: 'broadcast', topic: 'metrics', own: counter(100) })).toEqual([
      counter(21),
    ]);
  });
});

test('the exported metrics are those of all workers, and once those that are the same in all', async () => {
  await startReady({ WEB_CONCURRENCY: '5' });
  await connect(3);
  worker(3).becomeReady();
  // The fourth is connected but still loads the build, and the fifth has just been started.
  await connect(4);
  for (const { received } of started) received.length = 0;
  const { gather, traces } = startTelemetry.mock.lastCall?.[0] ?? {};
  expect(traces).toBe(false);
  const gathered = gather?.();
  await vi.dynamicImportSettled();
  const topics = (id: number) =>
    worker(id).received.flatMap((message) => (message.kind === 'query' ? [message] : []));
  const metrics = expect.objectContaining({ topic: 'metrics' });
  const commonMetrics = expect.objectContaining({ topic: 'commonMetrics' });
  expect([1, 2, 3, 4, 5].map(topics)).toEqual([
    [metrics],
    [metrics],
    [metrics, commonMetrics],
    [metrics],
    [],
  ]);
  for (const id of [1, 2, 3, 4]) {
    worker(id).say({ kind: 'reply', id: topics(id)[0]?.id ?? 0, value: counter(id) });
  }
  worker(3).say({ kind: 'reply', id: topics(3)[1]?.id ?? 0, value: ['the common metrics'] });
  expect(await gathered).toEqual([
    expect.objectContaining({ name: 'calls', values: [expect.objectContaining({ value: 10 })] }),
    'the common metrics',
  ]);
});

test('without a worker that is ready, the exported metrics are the sums', async () => {
  await start();
  await connect(1);
  const gathered = startTelemetry.mock.lastCall?.[0].gather?.();
  await vi.dynamicImportSettled();
  reply(1, counter(5));
  expect(await gathered).toEqual([expect.objectContaining({ name: 'calls' })]);
});

describe('mails', () => {
  test('are delivered by one worker, and by the next one when it resigns or exits', async () => {
    await startReady();
    const leads = (id: number) => kindsTo(id).filter((kind) => kind === 'becomeMailLeader').length;
    // The first worker was elected when it became ready.
    worker(1).say({ kind: 'resignMailLeader' });
    expect([leads(1), leads(2)]).toEqual([0, 1]);
    worker(2).exit();
    await pass();
    expect([leads(1), leads(2)]).toEqual([1, 1]);
  });

  test('that a worker has accepted wake the mail leader', async () => {
    await startReady();
    worker(2).say({ kind: 'wakeMailLeader' });
    expect([kindsTo(1), kindsTo(2)]).toEqual([['wakeMailLeader'], []]);
  });
});

test('a hint of a worker is passed on to the other workers alone', async () => {
  await startReady();
  const hint = { kind: 'hint', topic: 'mail', key: 'a' } as const;
  worker(2).say(hint);
  expect([worker(1).received, worker(2).received]).toEqual([[hint], []]);
});

describe('a worker that received SIGTERM', () => {
  test('is drained if the primary gets no signal within the grace', async () => {
    await startReady();
    worker(1).say({ kind: 'terminated' });
    await pass(limits.cluster.signalGrace - 1);
    expect(kindsTo(1)).toEqual([]);
    await pass(1);
    expect(kindsTo(1)).toEqual(['drain']);
    expect(started).toHaveLength(3);
  });

  test('shuts down with all others if the primary gets the signal, too', async () => {
    await startReady();
    worker(1).say({ kind: 'terminated' });
    signals.send('SIGTERM');
    await pass(limits.cluster.signalGrace);
    expect([kindsTo(1), kindsTo(2)]).toEqual([['shutdown'], ['shutdown']]);
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (name) => {
  test('shuts down all workers, sends the last telemetry and exits without an error, once', async () => {
    await startReady();
    signals.send(name);
    signals.send(name);
    worker(1).say({ kind: 'drained' });
    expect([kindsTo(1), kindsTo(2)]).toEqual([['shutdown'], ['shutdown']]);
    worker(2).say({ kind: 'drained' });
    expect([kindsTo(1), kindsTo(2)]).toEqual([
      ['shutdown', 'allDrained'],
      ['shutdown', 'allDrained'],
    ]);
    worker(1).exit({ code: 0, signal: null });
    await pass();
    expect(telemetry.stop).not.toHaveBeenCalled();
    worker(2).exit({ code: 0, signal: null });
    await pass();
    expect(telemetry.stop).toHaveBeenCalledTimes(1);
    expect(exit.mock.calls).toEqual([[0]]);
  });

  test('gives the workers the delay and the deadlines before it kills them', async () => {
    const { shutdownDeadline, mail, cluster } = limits;
    await startReady();
    signals.send(name);
    await pass(1_000 + shutdownDeadline + mail.stopGrace + cluster.killMargin - 1);
    expect(started.map(({ isKilled }) => isKilled)).toEqual([false, false]);
    await pass(1);
    expect(started.map(({ isKilled }) => isKilled)).toEqual([true, true]);
  });
});

describe('SIGHUP', () => {
  test.each([
    { title: 'without a terminal', before: false, now: false },
    { title: 'in an open terminal', before: true, now: true },
    { title: 'with a terminal that was opened later', before: false, now: true },
  ])('$title replaces the workers, whose start time is that of the signal', async ({ before, now }) => {
    hasTerminal.mockReturnValue(before);
    await startReady();
    hasTerminal.mockReturnValue(now);
    await pass(60_000);
    signals.send('SIGHUP');
    await pass();
    expect(started).toHaveLength(3);
    expect(kindsTo(1)).toEqual([]);
    expect(await connect(3)).toMatchObject({ startedAt: new Date() });
  });

  test('of a terminal that has been closed shuts down the product', async () => {
    hasTerminal.mockReturnValue(true);
    await startReady();
    hasTerminal.mockReturnValue(false);
    signals.send('SIGHUP');
    await pass();
    expect([kindsTo(1), kindsTo(2)]).toEqual([['shutdown'], ['shutdown']]);
    expect(started).toHaveLength(2);
  });
});
