import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { withTimeout } from '../lib/timeout.ts';

export type PoolTimeouts = { connect: number; query: number };

/**
 * Limits the time of each connect and each query of a pool. The driver's own timers are not used for this: after the
 * event loop was blocked, they fire before the response that has arrived meanwhile is read.
 */
export function withTimeouts(pool: PostgresPool, timeouts: PoolTimeouts): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const connecting = pool.connect();
      const client = await withTimeout(connecting, timeouts.connect, () => {
        connecting.then((late) => late.release()).catch(() => undefined);
        throw new Error('the database did not accept the connection in time');
      });
      return new TimedClient(client, timeouts.query);
    },
  };
}

/** A client whose connection is closed after the timeout of a query, because its response could still arrive. */
class TimedClient implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;
  readonly #timeout: number;
  #isBroken = false;

  constructor(client: PostgresPoolClient, timeout: number) {
    this.#client = client;
    this.#timeout = timeout;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') throw new Error('This pool has no cursors.');
    return this.#run(statement, parameters);
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isBroken);
  }

  async #run<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    // A rollback after a timeout would only wait behind the statement.
    if (this.#isBroken) throw new Error('the connection is no longer used after a timeout');
    return await withTimeout(this.#client.query<R>(sql, parameters), this.#timeout, () => {
      this.#isBroken = true;
      throw new Error('the database did not respond in time');
    });
  }
}
