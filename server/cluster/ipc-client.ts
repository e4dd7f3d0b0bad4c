import { limits } from '../config/limits.ts';
import { withTimeout } from '../lib/timeout.ts';
import { type FromWorker, type ToWorker, toWorkerSchema, type WorkerRequest } from './ipc-messages.ts';

/** A worker's IPC channel to its primary. */
export type IpcClient = {
  /** Resolves once the message is handed over to the channel. If the primary is gone, this process exits too. */
  send(message: FromWorker): Promise<void>;
  /** @returns undefined on timeout */
  request(request: WorkerRequest): Promise<unknown>;
};

/** @param onMessage gets all messages except responses to requests */
export function createIpcClient(
  onMessage: (message: Exclude<ToWorker, { kind: 'response' }>) => void,
): IpcClient {
  const pending = new Map<number, (value: unknown) => void>();
  let lastId = 0;

  process.on('message', (received: unknown) => {
    const { data: message } = toWorkerSchema.safeParse(received);
    if (message?.kind === 'response') pending.get(message.id)?.(message.value);
    else if (message) onMessage(message);
  });

  function send(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      process.send?.(message, undefined, undefined, () => resolve());
    });
  }

  async function request(request: WorkerRequest): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    pending.set(id, resolve);
    void send({ kind: 'request', id, request });
    const value = await withTimeout(promise, limits.cluster.responseTimeout);
    pending.delete(id);
    return value;
  }

  return { send, request };
}
