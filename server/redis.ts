import { Redis, ReplyError } from 'ioredis';
import { limits } from './config/limits.ts';
import { productName } from './config/product-name.ts';
import { reuseFor } from './lib/reuse-for.ts';
import type { Logger } from './observability/log.ts';

const { timeout, recheckInterval, checkFreshFor, warnInterval } = limits.redis;

/** Optional Redis, shared by all instances. Every user of it has a fallback. */
export type SharedRedis = {
  client: Redis;
  /**
   * Runs a command. After a failure or timeout, Redis is not used until a check succeeds, so that not every call waits
   * for the timeout.
   *
   * @returns undefined if the command failed or Redis is down
   */
  attempt<T>(command: (client: Redis) => Promise<T>): Promise<{ value: T } | undefined>;
  /** Checks that Redis takes writes. Does not throw, and takes no longer than the command timeout. */
  state(): Promise<'ok' | 'down'>;
  /** Returns the state after the latest command or check, without a check. */
  lastState(): 'ok' | 'down';
  close(): void;
};

/** A reply that its command cannot have. */
export class UnusableReplyError extends Error {
  override readonly name = 'UnusableReplyError';

  constructor(options?: ErrorOptions) {
    super('redis sent a reply that its command cannot have', options);
  }
}

const checkKey = `${productName}:check`;

/**
 * Connects to Redis. Commands fail fast and are not queued while disconnected, so that Redis cannot slow down calls.
 */
export function connectRedis(url: string, log: Logger): SharedRedis {
  const client = new Redis(url, {
    connectTimeout: timeout,
    commandTimeout: timeout,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    // A command that has timed out would be sent again.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  // Without a listener, a connection error would end the process. The affected commands fail and are logged.
  client.on('error', (err) => log.debug({ err }, 'redis connection error'));
  let current: 'ok' | 'down' = 'ok';
  let recheck: NodeJS.Timeout | undefined;
  /** A time of performance.now(), which is monotonic. */
  let nextWarningAt = 0;

  function markDown(err: unknown): void {
    if (current === 'ok') log.warn({ err }, 'redis failed: this instance uses its local fallbacks');
    current = 'down';
    recheck ??= setInterval(() => void state(), recheckInterval).unref();
    // Its commands would stay in the memory of the client until their replies arrive.
    if (isTimeout(err)) client.stream?.destroy();
  }

  function markUp(): void {
    if (current === 'down') log.info('redis recovered');
    current = 'ok';
    clearInterval(recheck);
    recheck = undefined;
  }

  /** Handles an error or nonsense from Redis: it may concern one key, such as one of another type, or all writes. */
  function rejected(err: unknown): void {
    void state();
    if (performance.now() < nextWarningAt) return;
    nextWarningAt = performance.now() + warnInterval;
    log.warn({ err }, 'redis rejected a command: this instance uses its local fallback for it');
  }

  const check = reuseFor(checkFreshFor, async () => {
    try {
      // Not PING: a replica and a full Redis respond to it, but take no writes.
      await client.set(checkKey, '', 'PX', recheckInterval);
      markUp();
    } catch (err) {
      markDown(err);
    }
  });

  async function state(): Promise<'ok' | 'down'> {
    await check();
    return current;
  }

  return {
    client,
    async attempt(command) {
      if (current === 'down') return undefined;
      try {
        return { value: await command(client) };
      } catch (err) {
        if (err instanceof ReplyError || err instanceof UnusableReplyError) rejected(err);
        else markDown(err);
        return undefined;
      }
    },
    state,
    lastState: () => current,
    close() {
      clearInterval(recheck);
      client.disconnect();
    },
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}
