import type { ToWorker } from '#server/cluster/ipc-messages.ts';
import type { WorkerProcess } from '#server/cluster/worker-process.ts';

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
