import { productName } from '../config/product-name.ts';
import type { Logger } from '../observability/log.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { SharedRedis } from '../redis.ts';

/** Announces to the other workers and, with Redis, to the other instances that sessions have ended. */
export type SessionEnds = {
  /** Resolves when the other workers know it. Does not throw. */
  announce(): Promise<void>;
  close(): void;
};

const channel = `${productName}:session-ends`;

/** @param options.onEnd called when sessions have ended elsewhere, or may have, because messages were lost */
export function createSessionEnds(options: {
  redis: SharedRedis | undefined;
  coordinator: Pick<Coordinator, 'broadcast' | 'onBroadcast'> | undefined;
  log: Logger;
  onEnd: () => void;
}): SessionEnds {
  const { redis, coordinator, log, onEnd } = options;
  coordinator?.onBroadcast('sessionEnds', onEnd);
  // A connection that listens cannot send commands.
  const subscriber = redis?.client.duplicate();
  subscriber?.on('error', (err) => log.debug({ err }, 'redis connection error'));
  subscriber?.on('ready', () => {
    subscriber.subscribe(channel).then(onEnd, (err: unknown) => {
      log.warn(
        { err },
        'redis does not announce ended sessions to this instance: it reads them from the database',
      );
    });
  });
  subscriber?.on('message', onEnd);
  return {
    async announce() {
      await Promise.all([
        coordinator?.broadcast('sessionEnds'),
        redis?.attempt((client) => client.publish(channel, '')),
      ]);
    },
    close: () => subscriber?.disconnect(),
  };
}
