import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { isRecord } from '../lib/is-record.ts';
import { withTimeout } from '../lib/timeout.ts';
import { StorageError } from './storage-fault.ts';

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
      try {
        const client = await withTimeout(connecting, timeouts.connect, () => {
          connecting.then((late) => late.release()).catch(() => undefined);
          throw new StorageError('the database did not accept the connection in time', 'STORAGE_TIMEOUT');
        });
        return new TimedClient(client, timeouts.query);
      } catch (error) {
        throw withCode(error);
      }
    },
  };
}

/** Errors of the driver itself, such as one about a lost connection, have no code. */
function withCode(error: unknown): unknown {
  if (isRecord(error) && typeof error.code === 'string') return error;
  return new StorageError('the connection to the database failed', 'STORAGE_CONNECTION', { cause: error });
}

/** SQLSTATE of a write to a read-only server. */
const readOnly = '25006';

/**
 * A client whose connection is closed after the timeout of a query, because its response could still arrive, and after a
 * write to a read-only server: after a failover, only a new connection leads to the new server.
 */
class TimedClient implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;
  readonly #timeout: number;
  #isOutdated = false;
  #timedOut: StorageError | undefined;

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
    this.#client.release(destroy || this.#isOutdated || this.#timedOut !== undefined);
  }

  async #run<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    // A rollback after a timeout would only wait behind the statement.
    if (this.#timedOut) throw this.#timedOut;
    try {
      return await withTimeout(this.#client.query<R>(sql, parameters), this.#timeout, () => {
        this.#timedOut = new StorageError('the database did not respond in time', 'STORAGE_TIMEOUT');
        throw this.#timedOut;
      });
    } catch (error) {
      if (isRecord(error) && error.code === readOnly) this.#isOutdated = true;
      throw withCode(error);
    }
  }
}
