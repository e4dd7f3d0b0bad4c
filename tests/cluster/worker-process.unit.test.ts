import cluster from 'node:cluster';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, type Mock, onTestFinished, test, vi } from 'vitest';
import { startWorkerProcess } from '#server/cluster/worker-process.ts';

/** What node:cluster returns for a process that it has started. */
class ForkedWorker extends EventEmitter {
  id = 7;
  process = {
    pid: 4711 as number | undefined,
    exitCode: null as number | null,
    signalCode: null as string | null,
    send: vi.fn(),
    kill: vi.fn(),
  };
}

let forked: ForkedWorker;
let fork: Mock<typeof cluster.fork>;
beforeEach(() => {
  forked = new ForkedWorker();
  fork = vi.spyOn(cluster, 'fork');
  Reflect.apply(fork.mockReturnValue, fork, [forked]);
});
afterEach(() => fork.mockRestore());

function start() {
  const onMessage = vi.fn();
  return { worker: startWorkerProcess(onMessage), onMessage };
}

const turn = () => new Promise(setImmediate);

test('a new worker is starting, and not connected or drained', () => {
  vi.stubEnv('NODE_COMPILE_CACHE', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { worker } = start();
  expect(worker).toMatchObject({
    id: 7,
    pid: 4711,
    state: 'starting',
    connected: false,
    drained: false,
  });
  expect(worker.startedAt).toBeLessThanOrEqual(performance.now());
  expect(fork.mock.calls).toEqual([[expect.objectContaining({ NODE_COMPILE_CACHE_PORTABLE: '1' })]]);
});

test('a worker that serves pages is ready', async () => {
  const { worker, onMessage } = start();
  forked.emit('message', { kind: 'ready' });
  expect(worker.state).toBe('ready');
  expect(await worker.ready).toBe(true);
  expect(onMessage.mock.calls).toEqual([[worker, { kind: 'ready' }]]);
});

test.each(['draining', 'failed'] as const)(
  'a worker that is %s stays so if it becomes ready',
  async (state) => {
    const { worker } = start();
    worker.state = state;
    forked.emit('message', { kind: 'ready' });
    expect(worker.state).toBe(state);
    expect(await worker.ready).toBe(true);
  },
);

test('other messages of a worker are passed on, but do not make it ready', () => {
  const { worker, onMessage } = start();
  forked.emit('message', { kind: 'drained' });
  forked.emit('message', { kind: 'unknown' });
  forked.emit('message', 'text');
  expect(onMessage.mock.calls).toEqual([[worker, { kind: 'drained' }]]);
  expect(worker.state).toBe('starting');
});

test('a worker that exits is never ready, and its later messages are dropped', async () => {
  const { worker, onMessage } = start();
  forked.process.exitCode = 3;
  forked.emit('exit');
  expect(await worker.exited).toEqual({ code: 3, signal: null });
  expect(await worker.ready).toBe(false);
  forked.emit('message', { kind: 'wakeMailLeader' });
  expect(onMessage).not.toHaveBeenCalled();
});

test('a worker that is killed has exited with its signal', async () => {
  const { worker } = start();
  forked.process.signalCode = 'SIGKILL';
  forked.emit('exit');
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a process that could not be started has exited', async () => {
  forked.process.pid = undefined;
  const { worker } = start();
  forked.emit('error', new Error('spawn EAGAIN'));
  expect(await worker.exited).toEqual({ code: null, signal: null });
  expect(await worker.ready).toBe(false);
});

test('an error of the channel of a running process is not its exit', async () => {
  const { worker, onMessage } = start();
  forked.emit('error', new Error('write EPIPE'));
  forked.emit('error', new Error('write EPIPE'));
  const hasExited = vi.fn();
  void worker.exited.then(hasExited);
  await turn();
  expect(hasExited).not.toHaveBeenCalled();
  forked.emit('message', { kind: 'drained' });
  expect(onMessage).toHaveBeenCalledTimes(1);
});

test('a message to a worker that has just exited is no error', () => {
  const { worker } = start();
  worker.send({ kind: 'drain' });
  const [message, , , callback] = forked.process.send.mock.calls[0] ?? [];
  expect(message).toEqual({ kind: 'drain' });
  expect(callback(new Error('channel closed'))).toBeUndefined();
});

test('a worker is killed with a signal that it cannot ignore', () => {
  const { worker } = start();
  expect(forked.process.kill).not.toHaveBeenCalled();
  worker.kill();
  expect(forked.process.kill.mock.calls).toEqual([['SIGKILL']]);
});
