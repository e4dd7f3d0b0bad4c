import cluster from 'node:cluster';
import { compileCacheOfChild } from '../process/compile-cache.ts';
import { type FromWorker, fromWorkerSchema, type ToWorker } from './ipc-messages.ts';

/** How a process ended: one of both is null. */
export type WorkerExit = { code: number | null; signal: string | null };

/** A worker as the primary sees it. */
export type WorkerProcess = {
  id: number;
  pid: number | undefined;
  /** starting until its pages are loaded, leaving once it was told to end, failed when it cannot load them. */
  state: 'starting' | 'loaded' | 'leaving' | 'failed';
  /** It listens to what it is told. */
  connected: boolean;
  /** It was told to stop, and accepts no more requests. */
  drained: boolean;
  startedAt: number;
  send(message: ToWorker): void;
  kill(): void;
  /** Resolves when it serves pages, or has ended before. */
  loaded: Promise<boolean>;
  /** Resolves once its process has ended. Messages that arrive later are dropped. */
  ended: Promise<WorkerExit>;
};

/** Starts a worker. */
export function startWorkerProcess(
  hear: (member: WorkerProcess, message: FromWorker) => void,
): WorkerProcess {
  const worker = cluster.fork(compileCacheOfChild());
  const loaded = Promise.withResolvers<boolean>();
  const ended = new Promise<WorkerExit>((resolve) => {
    const end = () => resolve({ code: worker.process.exitCode, signal: worker.process.signalCode });
    // Not `disconnect`: Node never emits it for a worker that ends before it has acknowledged a handle.
    worker.once('exit', end);
    // A process that could not be started does not exit.
    worker.once('error', () => {
      if (worker.process.pid === undefined) end();
    });
  });
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
    loaded.resolve(false);
  });

  const member: WorkerProcess = {
    id: worker.id,
    pid: worker.process.pid,
    state: 'starting',
    connected: false,
    drained: false,
    startedAt: performance.now(),
    // A worker that has just ended hears nothing more, which is nobody's fault.
    send: (message) => void worker.process.send(message, undefined, undefined, () => undefined),
    kill: () => void worker.process.kill('SIGKILL'),
    loaded: loaded.promise,
    ended,
  };
  worker.on('error', () => undefined);
  worker.on('message', (given: unknown) => {
    const { data: message } = fromWorkerSchema.safeParse(given);
    if (!message || hasEnded) return;
    if (message.kind === 'loaded') {
      if (member.state === 'starting') member.state = 'loaded';
      loaded.resolve(true);
    }
    hear(member, message);
  });
  return member;
}
