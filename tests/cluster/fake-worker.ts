import type { FromWorker, ToWorker } from '#server/cluster/ipc-messages.ts';
import type { WorkerExit, WorkerProcess } from '#server/cluster/worker-process.ts';

/** A worker without a process. It records the messages that it gets. */
export type FakeWorker = WorkerProcess & { received: ToWorker[] };

export function fakeWorker(id: number, state: WorkerProcess['state'] = 'ready'): FakeWorker {
  const received: ToWorker[] = [];
  return {
    id,
    pid: undefined,
    state,
    connected: true,
    drained: false,
    startedAt: 0,
    send: (message) => void received.push(message),
    kill: () => undefined,
    ready: Promise.resolve(true),
    exited: new Promise(() => undefined),
    received,
  };
}

/** A worker without a process that becomes ready and exits when the test says so. */
export type ControlledWorker = FakeWorker & {
  isKilled: boolean;
  /** Sends a message to the primary. */
  say(message: FromWorker): void;
  becomeReady(): void;
  exit(exit?: WorkerExit): void;
};

/** Creates a worker that has just been started, in the place of `startWorkerProcess`. */
export function controlledWorker(
  id: number,
  onMessage: (worker: WorkerProcess, message: FromWorker) => void,
): ControlledWorker {
  const ready = Promise.withResolvers<boolean>();
  const exited = Promise.withResolvers<WorkerExit>();
  const worker: ControlledWorker = {
    ...fakeWorker(id, 'starting'),
    startedAt: performance.now(),
    ready: ready.promise,
    exited: exited.promise,
    isKilled: false,
    kill() {
      worker.isKilled = true;
    },
    say: (message) => onMessage(worker, message),
    becomeReady() {
      if (worker.state === 'starting') worker.state = 'ready';
      ready.resolve(true);
      worker.say({ kind: 'ready' });
    },
    exit(exit = { code: null, signal: 'SIGKILL' }) {
      ready.resolve(false);
      exited.resolve(exit);
    },
  };
  return worker;
}
