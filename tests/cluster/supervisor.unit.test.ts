import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FromWorker } from '#server/cluster/ipc-messages.ts';
import { createSupervisor } from '#server/cluster/supervisor.ts';
import type { WorkerProcess } from '#server/cluster/worker-process.ts';
import { limits } from '#server/config/limits.ts';
import { createLogger } from '#server/observability/log.ts';
import { type ControlledWorker, controlledWorker } from './fake-worker.ts';

const { restartBackoff, startDeadline, workerExitTimeout, killMargin } = limits.cluster;
const shutdownDeadline = limits.shutdownDeadline + limits.mail.stopGrace + killMargin;
const drainDeadline = limits.raw.deadline + limits.mail.stopGrace + killMargin;
const shutdownDelay = 1_000;

/** All workers that were started, in order. */
let started: ControlledWorker[] = [];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  started = [];
});
afterEach(() => void vi.useRealTimers());

/** Lets time pass, and what follows from it happen. */
async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await new Promise(setImmediate);
}

/** Returns the worker with this number, which is that of its start. */
function worker(id: number): ControlledWorker {
  const found = started[id - 1];
  if (!found) throw new Error(`the worker ${id} was not started`);
  return found;
}

const kindsTo = (id: number) => worker(id).received.map(({ kind }) => kind);

function setUp(size = 2) {
  const lines: string[] = [];
  const messages: [id: number, message: FromWorker][] = [];
  const exits: number[] = [];
  const onStartFailure = vi.fn();
  const supervisor = createSupervisor({
    size,
    shutdownDelay,
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    startWorker(onMessage) {
      const worker = controlledWorker(started.length + 1, onMessage);
      started.push(worker);
      return worker;
    },
    onMessage: ({ id }: WorkerProcess, message) => messages.push([id, message]),
    onExit: ({ id }) => exits.push(id),
    onStartFailure,
  });
  const logged = (message: string) => lines.filter((line) => line.includes(message));
  const running = () => [...supervisor.workers].map(({ id }) => id);
  return { ...supervisor, running, logged, messages, exits, onStartFailure };
}

/** Starts a supervisor whose workers are all ready. */
async function setUpReady(size = 2) {
  const supervisor = setUp(size);
  supervisor.fill();
  worker(1).becomeReady();
  await pass();
  for (const each of started.slice(1)) each.becomeReady();
  await pass();
  return supervisor;
}

describe('at the start', () => {
  test('one worker shows that the build can be loaded before the others are started', async () => {
    const { fill, running } = setUp(3);
    fill();
    fill();
    expect(running()).toEqual([1]);
    worker(1).becomeReady();
    await pass();
    expect(running()).toEqual([1, 2, 3]);
    worker(2).becomeReady();
    await pass();
    expect(running()).toEqual([1, 2, 3]);
  });

  test('a worker that exits with a code before any was ready is a failed start, and is not replaced', async () => {
    const { fill, running, exits, onStartFailure, logged } = setUp();
    fill();
    worker(1).exit({ code: 1, signal: null });
    await pass(limits.cluster.restartBackoffCap);
    expect(onStartFailure).toHaveBeenCalledTimes(1);
    expect(exits).toEqual([1]);
    expect(running()).toEqual([]);
    expect(started).toHaveLength(1);
    expect(logged('worker exited unexpectedly')).toHaveLength(1);
  });

  test('a worker that is killed from outside before any was ready is replaced', async () => {
    const { fill, running, onStartFailure } = setUp();
    fill();
    worker(1).exit({ code: null, signal: 'SIGKILL' });
    await pass();
    expect(onStartFailure).not.toHaveBeenCalled();
    expect(running()).toEqual([2]);
  });

  test('a worker that cannot load the build is killed, which is a failed start, and has logged the reason itself', async () => {
    const { fill, onFailed, onStartFailure, logged } = setUp();
    fill();
    onFailed(worker(1));
    expect(worker(1).isKilled).toBe(true);
    worker(1).exit();
    await pass();
    expect(onStartFailure).toHaveBeenCalledTimes(1);
    expect(logged('worker exited unexpectedly')).toEqual([]);
  });
});

test('the messages of all workers are passed on', async () => {
  const { messages } = await setUpReady();
  messages.length = 0;
  worker(2).say({ kind: 'wakeMailLeader' });
  expect(messages).toEqual([[2, { kind: 'wakeMailLeader' }]]);
});

describe('a worker that exits unexpectedly', () => {
  test('is logged with its exit, and replaced at once', async () => {
    const { running, exits, logged, onStartFailure } = await setUpReady();
    worker(1).exit({ code: 7, signal: null });
    await pass();
    expect(exits).toEqual([1]);
    expect(running()).toEqual([2, 3]);
    expect(logged('worker exited unexpectedly')).toEqual([
      expect.stringMatching(/"level":"error".*"worker":1,"code":7,"signal":null/),
    ]);
    expect(onStartFailure).not.toHaveBeenCalled();
  });

  test('again and soon after its start is replaced after a backoff', async () => {
    const { running } = await setUpReady();
    await pass(limits.cluster.stableAfter);
    worker(1).exit();
    await pass();
    worker(3).exit();
    await pass(restartBackoff - 1);
    expect(running()).toEqual([2]);
    await pass(1);
    expect(running()).toEqual([2, 4]);
  });

  test('after a long time is replaced at once, even if others have exited early', async () => {
    const { running } = await setUpReady();
    worker(1).exit();
    await pass(limits.cluster.stableAfter);
    worker(3).exit();
    await pass();
    expect(running()).toEqual([2, 4]);
  });

  test('because it cannot load the build, while others serve, is replaced, too', async () => {
    const { onFailed, running, onStartFailure, logged } = await setUpReady();
    worker(1).exit();
    await pass();
    onFailed(worker(3));
    worker(3).exit();
    await pass(restartBackoff);
    expect(onStartFailure).not.toHaveBeenCalled();
    expect(running()).toEqual([2, 4]);
    expect(logged('worker exited unexpectedly')).toHaveLength(1);
  });
});

describe('a worker that received SIGTERM', () => {
  test('is drained and replaced at once, and its exit is expected', async () => {
    const { onTerminated, running, logged, exits } = await setUpReady();
    onTerminated(worker(1));
    expect(kindsTo(1)).toEqual(['drain']);
    expect(running()).toEqual([1, 2, 3]);
    worker(1).exit({ code: 0, signal: null });
    await pass(limits.cluster.restartBackoffCap);
    expect(running()).toEqual([2, 3]);
    expect(exits).toEqual([1]);
    expect(logged('worker exited unexpectedly')).toEqual([]);
  });

  test('is killed at its deadline', async () => {
    const { onTerminated } = await setUpReady();
    onTerminated(worker(1));
    await pass(drainDeadline - 1);
    expect(worker(1).isKilled).toBe(false);
    await pass(1);
    expect(worker(1).isKilled).toBe(true);
  });

  test('and has exited before its deadline is not killed', async () => {
    const { onTerminated } = await setUpReady();
    onTerminated(worker(1));
    worker(1).exit({ code: 0, signal: null });
    await pass(drainDeadline);
    expect(worker(1).isKilled).toBe(false);
  });

  test('is not drained during the shutdown of all workers', async () => {
    const { onTerminated, shutdown } = await setUpReady();
    void shutdown();
    onTerminated(worker(1));
    expect(kindsTo(1)).toEqual(['shutdown']);
    expect(started).toHaveLength(2);
  });
});

describe('a rolling restart', () => {
  test('replaces one worker after the other, each once its successor is ready', async () => {
    const { rollingRestart, running, logged } = await setUpReady();
    const restarted = rollingRestart();
    await pass();
    expect(running()).toEqual([1, 2, 3]);
    expect(kindsTo(1)).toEqual([]);
    worker(3).becomeReady();
    await pass();
    expect(kindsTo(1)).toEqual(['drain']);
    expect(running()).toEqual([1, 2, 3]);
    worker(1).exit({ code: 0, signal: null });
    await pass();
    expect(running()).toEqual([2, 3, 4]);
    worker(4).becomeReady();
    await pass();
    worker(2).exit({ code: 0, signal: null });
    await restarted;
    expect(running()).toEqual([3, 4]);
    expect(kindsTo(3)).toEqual([]);
    expect(logged('rolling restart started')).toHaveLength(1);
    expect(logged('rolling restart finished')).toHaveLength(1);
  });

  test('waits only for a limited time for the exit of a worker', async () => {
    const { rollingRestart, running } = await setUpReady();
    void rollingRestart();
    worker(3).becomeReady();
    await pass();
    await pass(workerExitTimeout - 1);
    expect(running()).toEqual([1, 2, 3]);
    await pass(1);
    expect(running()).toEqual([1, 2, 3, 4]);
  });

  test('is aborted if a new worker does not become ready in time, and the old ones keep running', async () => {
    const { rollingRestart, running, logged } = await setUpReady();
    const restarted = rollingRestart();
    await pass(startDeadline - 1);
    expect(worker(3).isKilled).toBe(false);
    await pass(1);
    await restarted;
    expect(worker(3).isKilled).toBe(true);
    worker(3).exit();
    await pass(limits.cluster.restartBackoffCap);
    expect(running()).toEqual([1, 2]);
    expect([...kindsTo(1), ...kindsTo(2)]).toEqual([]);
    expect(logged('rolling restart aborted')).toHaveLength(1);
    expect(logged('rolling restart finished')).toEqual([]);
    expect(logged('worker exited unexpectedly')).toEqual([]);
  });

  test('is aborted if a new worker exits before it is ready', async () => {
    const { rollingRestart, running, logged } = await setUpReady();
    const restarted = rollingRestart();
    await pass();
    worker(3).exit({ code: 1, signal: null });
    await restarted;
    await pass(limits.cluster.restartBackoffCap);
    expect(running()).toEqual([1, 2]);
    expect(logged('rolling restart aborted')).toHaveLength(1);
  });

  test('that is aborted leaves as many workers as before, even if one of them has exited meanwhile', async () => {
    const { rollingRestart, running } = await setUpReady();
    const restarted = rollingRestart();
    await pass();
    worker(1).exit();
    await pass();
    expect(running()).toEqual([2, 3]);
    worker(3).exit({ code: 1, signal: null });
    await restarted;
    expect(running()).toEqual([2, 4]);
  });

  test('is possible again after one that was aborted', async () => {
    const { rollingRestart, running } = await setUpReady(1);
    const aborted = rollingRestart();
    await pass();
    worker(2).exit({ code: 1, signal: null });
    await aborted;
    const restarted = rollingRestart();
    await pass();
    worker(3).becomeReady();
    await pass();
    worker(1).exit({ code: 0, signal: null });
    await restarted;
    expect(running()).toEqual([3]);
  });

  test('requested several times during another one runs once more', async () => {
    const { rollingRestart, running, logged } = await setUpReady(1);
    const restarted = rollingRestart();
    for (let count = 0; count < 3; count += 1) void rollingRestart();
    for (const id of [1, 2]) {
      await pass();
      worker(id + 1).becomeReady();
      await pass();
      worker(id).exit({ code: 0, signal: null });
    }
    await restarted;
    expect(running()).toEqual([3]);
    expect(logged('rolling restart finished')).toHaveLength(2);
  });

  test('neither drains nor replaces a worker that exits or is drained meanwhile', async () => {
    const { rollingRestart, onTerminated, running, logged } = await setUpReady();
    const restarted = rollingRestart();
    await pass();
    worker(1).exit();
    onTerminated(worker(2));
    await pass();
    worker(3).becomeReady();
    await pass();
    worker(4).becomeReady();
    await pass();
    worker(2).exit({ code: 0, signal: null });
    await restarted;
    await pass();
    expect(logged('rolling restart finished')).toHaveLength(1);
    expect(kindsTo(1)).toEqual([]);
    expect(kindsTo(2)).toEqual(['drain']);
    expect(running()).toEqual([3, 4]);
  });

  test('ends with the shutdown of all workers', async () => {
    const { rollingRestart, shutdown, logged } = await setUpReady();
    void rollingRestart();
    void rollingRestart();
    await pass();
    void shutdown();
    worker(3).becomeReady();
    await pass(drainDeadline);
    expect(kindsTo(1)).toEqual(['shutdown']);
    expect(started).toHaveLength(3);
    expect(logged('rolling restart finished')).toEqual([]);
    expect(logged('rolling restart started')).toHaveLength(1);
  });
});

describe('the shutdown', () => {
  test('ends once all workers have exited, and none of them is replaced or killed', async () => {
    const { shutdown, exits, fill } = await setUpReady();
    const isOver = vi.fn();
    const over = shutdown().then(isOver);
    expect([...kindsTo(1), ...kindsTo(2)]).toEqual(['shutdown', 'shutdown']);
    worker(1).exit({ code: 0, signal: null });
    await pass();
    expect(isOver).not.toHaveBeenCalled();
    worker(2).exit({ code: 0, signal: null });
    await over;
    expect(vi.getTimerCount()).toBe(0);
    fill();
    await pass(shutdownDelay + shutdownDeadline);
    expect(started).toHaveLength(2);
    expect(exits).toEqual([1, 2]);
    expect(started.map(({ isKilled }) => isKilled)).toEqual([false, false]);
  });

  test('is not logged as an unexpected exit', async () => {
    const { shutdown, logged } = await setUpReady();
    void shutdown();
    worker(1).exit({ code: 0, signal: null });
    await pass();
    expect(logged('worker exited unexpectedly')).toEqual([]);
  });

  test('kills the workers that exceed the delay and the deadlines', async () => {
    const { shutdown } = await setUpReady();
    void shutdown();
    await pass(shutdownDelay + shutdownDeadline - 1);
    expect(started.map(({ isKilled }) => isKilled)).toEqual([false, false]);
    await pass(1);
    expect(started.map(({ isKilled }) => isKilled)).toEqual([true, true]);
  });

  test('kills a worker that does not handle messages yet', async () => {
    const { shutdown } = await setUpReady();
    worker(1).connected = false;
    void shutdown();
    expect(worker(1).isKilled).toBe(true);
    expect(kindsTo(1)).toEqual([]);
    expect(worker(2).isKilled).toBe(false);
  });

  test.each([
    { force: true, isKilled: true },
    { force: undefined, isKilled: false },
  ])('with force $force kills a worker that is still starting: $isKilled', async ({ force, isKilled }) => {
    const { fill, shutdown } = setUp();
    fill();
    worker(1).becomeReady();
    await pass();
    void shutdown({ force });
    expect(worker(1).isKilled).toBe(false);
    expect(worker(2).isKilled).toBe(isKilled);
  });

  test('tells the workers once all of them accept no more requests', async () => {
    const { shutdown, onDrained } = await setUpReady();
    void shutdown();
    onDrained(worker(1));
    expect(kindsTo(1)).toEqual(['shutdown']);
    onDrained(worker(2));
    expect(kindsTo(1)).toEqual(['shutdown', 'allDrained']);
    expect(kindsTo(2)).toEqual(['shutdown', 'allDrained']);
  });

  test('does not wait for a worker that has exited', async () => {
    const { shutdown, onDrained } = await setUpReady();
    void shutdown();
    onDrained(worker(1));
    worker(2).exit();
    await pass();
    expect(kindsTo(1)).toEqual(['shutdown', 'allDrained']);
  });
});

test('workers that are drained without a shutdown are told nothing', async () => {
  const { onDrained } = await setUpReady(1);
  onDrained(worker(1));
  expect(kindsTo(1)).toEqual([]);
});
