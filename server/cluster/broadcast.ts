import { limits } from '../config/limits.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { BroadcastMessage } from './ipc-messages.ts';
import type { WorkerProcess } from './worker-process.ts';

type Reply = { worker: WorkerProcess; value: unknown };
type PendingBroadcast = { missing: Set<WorkerProcess>; replies: Reply[]; complete(): void };

/** Creates the primary's side of broadcasts to workers. A worker that exits or hangs does not block the others. */
export function createBroadcast() {
  const pending = new Map<number, PendingBroadcast>();
  let lastId = 0;

  /** Returns the replies that arrive before the timeout. */
  async function broadcast(workers: WorkerProcess[], message: BroadcastMessage): Promise<Reply[]> {
    if (workers.length === 0) return [];
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const replies: Reply[] = [];
    pending.set(id, { missing: new Set(workers), replies, complete: resolve });
    for (const worker of workers) worker.send({ ...message, id });
    await withTimeout(promise, limits.cluster.broadcastTimeout);
    pending.delete(id);
    return replies;
  }

  function markDone({ missing, complete }: PendingBroadcast, worker: WorkerProcess): void {
    if (missing.delete(worker) && missing.size === 0) complete();
  }

  return {
    broadcast,
    onReply(worker: WorkerProcess, id: number, value: unknown): void {
      const entry = pending.get(id);
      if (!entry) return;
      // A worker without a handler for the topic, for example because it is still starting, replies without a value.
      if (value !== undefined && value !== null) entry.replies.push({ worker, value });
      markDone(entry, worker);
    },
    /** A worker has exited and will not reply. */
    onExit(worker: WorkerProcess): void {
      for (const entry of pending.values()) markDone(entry, worker);
    },
  };
}
