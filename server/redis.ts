import { Redis } from 'ioredis';
import { limits } from './config/limits.ts';
import type { Logger } from './observability/log.ts';

const { timeout, pause } = limits.redis;

/** Redis, where it is there: whoever uses it can do without. */
export type SharedRedis = {
  client: Redis;
  /**
   * Runs a command. When Redis is gone or hangs it is left alone for a moment, so that not every call waits for its
   * timeout.
   *
   * @returns undefined when Redis failed or is left alone
   */
  attempt<T>(command: (client: Redis) => Promise<T>): Promise<{ value: T } | undefined>;
  /** Asks it, and uses it again at once when it answers. Does not throw, and does not wait longer than a command may take. */
  state(): Promise<'ok' | 'down'>;
  close(): void;
};

/** A connection that answers or fails at once: waiting for it must not be what makes a call slow. */
export function connectRedis(url: string, log: Logger): SharedRedis {
  const client = new Redis(url, {
    connectTimeout: timeout,
    commandTimeout: timeout,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  // Without a listener an error of the connection would end the process; the calls that need it fail by themselves.
  client.on('error', (err) => log.debug({ err }, 'redis connection'));
  let leaveAloneUntil = 0;
  return {
    client,
    async attempt(command) {
      if (Date.now() < leaveAloneUntil) return undefined;
      try {
        return { value: await command(client) };
      } catch (err) {
        leaveAloneUntil = Date.now() + pause;
        log.warn({ err }, 'redis failed: this instance works by itself meanwhile');
        return undefined;
      }
    },
    async state() {
      try {
        await client.ping();
        leaveAloneUntil = 0;
        return 'ok';
      } catch {
        return 'down';
      }
    },
    close: () => client.disconnect(),
  };
}
