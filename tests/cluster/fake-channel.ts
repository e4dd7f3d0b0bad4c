import { onTestFinished } from 'vitest';
import { type FromWorker, fromWorkerSchema, type WorkerRequest } from '#server/cluster/ipc-messages.ts';

export type FakeChannel = {
  /** The messages that this process has sent to its primary. */
  sent: FromWorker[];
  /** The kinds of these messages; of a request, the kind of the request. */
  sentKinds(): string[];
  /** Delivers a message of the primary to this process. */
  receive(message: object | string): void;
  /** Messages wait to be handed over until the returned function is called. */
  stall(): () => void;
};

/**
 * Connects this process to a primary without a process, until the end of the test. Call it before the process listens
 * to its channel.
 *
 * @param respond returns the value of the response to a request; without it there is no response
 */
export function fakeChannel(respond?: (request: WorkerRequest) => unknown): FakeChannel {
  const { send } = process;
  const others = new Set(process.listeners('message'));
  const own = () => process.listeners('message').filter((listener) => !others.has(listener));
  const sent: FromWorker[] = [];
  let handedOver = Promise.resolve();

  function receive(message: object | string): void {
    for (const listener of own()) listener(message, undefined);
  }

  process.send = (given: object, ...rest: unknown[]): boolean => {
    // A channel carries JSON.
    const message = fromWorkerSchema.parse(JSON.parse(JSON.stringify(given)));
    sent.push(message);
    const callback = rest.at(-1);
    void handedOver.then(() => {
      if (typeof callback === 'function') callback(null);
      if (message.kind === 'request' && respond) {
        receive({ kind: 'response', id: message.id, value: respond(message.request) });
      }
    });
    return true;
  };
  onTestFinished(() => {
    if (send) process.send = send;
    else delete process.send;
    for (const listener of own()) process.off('message', listener);
  });

  return {
    sent,
    sentKinds: () =>
      sent.map((message) => (message.kind === 'request' ? message.request.kind : message.kind)),
    receive,
    stall() {
      const { promise, resolve } = Promise.withResolvers<void>();
      handedOver = promise;
      return resolve;
    },
  };
}
