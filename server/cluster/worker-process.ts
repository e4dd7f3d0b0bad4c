import cluster from 'node:cluster';
import { compileCacheOfChild } from '../process/compile-cache.ts';
import { type FromWorker, fromWorkerSchema, type ToWorker } from './ipc-messages.ts';

/** Exit code or signal of a process. One of them is null. */
export type WorkerExit = { code: number | null; signal: string | null };

/** The primary's view of a worker. */
export type WorkerProcess = {
  id: number;
  pid: number | undefined;
  /** starting: does not serve pages yet; draining: its exit is expected; failed: cannot load the build. */
  state: 'starting' | 'ready' | 'draining' | 'failed';
  /** The worker handles messages. */
  connected: boolean;
  /** After `shutdown`: the worker accepts no more requests. */
  drained: boolean;
  startedAt: number;
  send(message: ToWorker): void;
  kill(): void;
  /** Resolves with true once the worker serves pages, or with false if it exits before that. */
  ready: Promise<boolean>;
  /** Resolves once the process has exited. Messages that arrive later are dropped. */
  exited: Promise<WorkerExit>;
};

export function startWorkerProcess(
  onMessage: (worker: WorkerProcess, message: FromWorker) => void,
): WorkerProcess {
  const clusterWorker = cluster.fork(compileCacheOfChild());
  const ready = Promise.withResolvers<boolean>();
  const exited = new Promise<WorkerExit>((resolve) => {
    const { process } = clusterWorker;
    const resolveExit = () => resolve({ code: process.exitCode, signal: process.signalCode });
    // Not `disconnect`: Node never emits it for a worker that exits before it has acknowledged a handle.
    clusterWorker.once('exit', resolveExit);
    // A process that could not be started emits no `exit`.
    clusterWorker.once('error', () => {
      if (process.pid === undefined) resolveExit();
    });
  });
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
    ready.resolve(false);
  });

  const worker: WorkerProcess = {
    id: clusterWorker.id,
    pid: clusterWorker.process.pid,
    state: 'starting',
    connected: false,
    drained: false,
    startedAt: performance.now(),
    // The callback ignores the error of a worker that has just exited.
    send: (message) => void clusterWorker.process.send(message, undefined, undefined, () => undefined),
    kill: () => void clusterWorker.process.kill('SIGKILL'),
    ready: ready.promise,
    exited,
  };
  clusterWorker.on('error', () => undefined);
  clusterWorker.on('message', (received: unknown) => {
    const { data: message } = fromWorkerSchema.safeParse(received);
    if (!message || hasExited) return;
    if (message.kind === 'ready') {
      if (worker.state === 'starting') worker.state = 'ready';
      ready.resolve(true);
    }
    onMessage(worker, message);
  });
  return worker;
}
