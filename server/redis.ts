import { Redis } from 'ioredis';
import { limits } from './config/limits.ts';
import type { Logger } from './observability/log.ts';

const { timeout, pause } = limits.redis;

/** Optional Redis, shared by all instances. Every user of it has a fallback. */
export type SharedRedis = {
  client: Redis;
  /**
   * Runs a command. After a failure or timeout, Redis is not used for a short pause, so that not every call waits for
   * the timeout.
   *
   * @returns undefined if the command failed or Redis is paused
   */
  attempt<T>(command: (client: Redis) => Promise<T>): Promise<{ value: T } | undefined>;
  /** Pings Redis and ends the pause if it responds. Does not throw, and takes no longer than the command timeout. */
  state(): Promise<'ok' | 'down'>;
  close(): void;
};

/**
 * Connects to Redis. Commands fail fast and are not queued while disconnected, so that Redis cannot slow down calls.
 */
export function connectRedis(url: string, log: Logger): SharedRedis {
  const client = new Redis(url, {
    connectTimeout: timeout,
    commandTimeout: timeout,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  // Without a listener, a connection error would end the process. The affected commands fail and are logged.
  client.on('error', (err) => log.debug({ err }, 'redis connection error'));
  let pausedUntil = 0;
  return {
    client,
    async attempt(command) {
      if (performance.now() < pausedUntil) return undefined;
      try {
        return { value: await command(client) };
      } catch (err) {
        pausedUntil = performance.now() + pause;
        log.warn({ err }, 'redis failed: this instance uses its local fallbacks');
        return undefined;
      }
    },
    async state() {
      try {
        await client.ping();
        pausedUntil = 0;
        return 'ok';
      } catch {
        return 'down';
      }
    },
    close: () => client.disconnect(),
  };
}
