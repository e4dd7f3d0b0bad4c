import { limits } from '../config/limits.ts';
import { type FromWorker, type Question, type ToWorker, toWorkerSchema } from './ipc-messages.ts';

/** What a worker and its primary say to each other. */
export type IpcClient = {
  /** Resolves once it is on its way; a primary that is gone takes this process with it. */
  send(message: FromWorker): Promise<void>;
  /** @returns undefined when no answer comes in time */
  ask(question: Question): Promise<unknown>;
};

/** @param hear all but the answers to questions */
export function createIpcClient(hear: (message: Exclude<ToWorker, { kind: 'reply' }>) => void): IpcClient {
  const waiting = new Map<number, (value: unknown) => void>();
  let latest = 0;

  process.on('message', (given: unknown) => {
    const { data: message } = toWorkerSchema.safeParse(given);
    if (message?.kind === 'reply') waiting.get(message.id)?.(message.value);
    else if (message) hear(message);
  });

  function say(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      process.send?.(message, undefined, undefined, () => resolve());
    });
  }

  function ask(question: Question): Promise<unknown> {
    latest += 1;
    const id = latest;
    return new Promise((resolve) => {
      function settle(value: unknown): void {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(value);
      }
      const timer = setTimeout(settle, limits.cluster.answerTimeout, undefined);
      waiting.set(id, settle);
      void say({ kind: 'question', id, question });
    });
  }

  return { send: say, ask };
}
