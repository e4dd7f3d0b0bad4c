import { productName } from '../config/product-name.ts';
import type { Logger } from '../observability/log.ts';
import { type Coordinator, type HintTopic, hintTopics } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';

/**
 * Announces changes to all processes, so that their watches look at once. A hint has no state and may be
 * lost: watches also look at intervals.
 */
export type Hints = {
  /** Announces a change here and in the other workers and, with Redis, instances. Does not wait and does not throw. */
  announce(topic: HintTopic, key: string): void;
  /** @param listener gets the key that has changed, or undefined if any may have, because hints were lost */
  listen(topic: HintTopic, listener: (key: string | undefined) => void): void;
  close(): void;
};

const channel = `${productName}:hints`;

export function createHints(options: {
  redis: SharedRedis | undefined;
  coordinator: Pick<Coordinator, 'sendHint' | 'onHint'> | undefined;
  log: Logger;
}): Hints {
  const { redis, coordinator, log } = options;
  const listeners = new Map<HintTopic, (key: string | undefined) => void>();
  let subscriber: ReturnType<SharedRedis['client']['duplicate']> | undefined;

  const notify = (topic: HintTopic, key: string | undefined) => listeners.get(topic)?.(key);
  coordinator?.onHint(notify);

  /** Subscribes with the first listener. A connection that listens cannot send commands. */
  function subscribe(): void {
    if (!redis || subscriber) return;
    const connection = redis.client.duplicate();
    subscriber = connection;
    connection.on('error', (err) => log.debug({ err }, 'redis connection error'));
    connection.on('ready', () => {
      connection.subscribe(channel).then(
        () => {
          for (const topic of hintTopics) notify(topic, undefined);
        },
        (err: unknown) => log.warn({ err }, 'redis sends no hints to this instance: it looks at intervals'),
      );
    });
    connection.on('message', (_, message) => {
      const [name, key] = String(message).split(' ', 2);
      const topic = hintTopics.find((each) => each === name);
      if (topic && key !== undefined) notify(topic, key);
    });
  }

  return {
    announce(topic, key) {
      notify(topic, key);
      coordinator?.sendHint(topic, key);
      // This process gets its own message back and looks once more, which finds nothing new.
      void redis?.attempt((client) => client.publish(channel, `${topic} ${key}`));
    },
    listen(topic, listener) {
      listeners.set(topic, listener);
      subscribe();
    },
    close: () => subscriber?.disconnect(),
  };
}
