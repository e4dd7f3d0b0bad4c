import { Worker } from 'node:worker_threads';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import {
  closeMessage,
  monotonicTime,
  type StatementRequest,
  type StatementResponse,
  transactionStatements,
} from './sqlite-thread.ts';

const { openTimeout, hangTimeout, queue } = limits.sqlite;

/** An error of SQLite or of its thread. */
class SqliteThreadError extends Error {
  override readonly name = 'SqliteThreadError';
  /** SQLite's extended result code, or one of the thread's own. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

type Rows = { rows: unknown[]; changes: number | undefined };
type Pending = {
  /** The thread that executes the statement. */
  worker: Worker;
  resolve(result: Rows): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
};

/**
 * A SQLite connection in a thread of its own. Each statement runs before its deadline or not at all, unless the disk
 * hangs. Statements that write run in the order of their calls; those that arrive together share a transaction. Reads do
 * not wait for them.
 */
export class SqliteThread {
  readonly #file: string;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  /** Time limit of a statement. The first ones wait for the start of the thread, and migrations need more. */
  timeout: number = openTimeout;
  /** Time limit of a transaction. It is read when the thread starts. */
  transactionTimeout: number = limits.sqlite.transactionTimeout;

  constructor(file: string, log: Pick<Logger, 'warn'>) {
    this.#file = file;
    this.#log = log;
  }

  /**
   * @param options.alone true for a statement that begins or ends a transaction itself
   * @param options.transaction number of the transaction that the statement belongs to
   * @throws SqliteThreadError
   */
  execute(
    sql: string,
    parameters: readonly unknown[] = [],
    options: { timeout?: number; alone?: boolean; transaction?: number | undefined } = {},
  ): Promise<Rows> {
    const { timeout = this.timeout, alone = false, transaction } = options;
    if (this.#pending.size >= queue) {
      return Promise.reject(new SqliteThreadError('too many statements are waiting', 'SQLITE_QUEUE_FULL'));
    }
    const worker = this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      // Also keeps the process alive until the response.
      const timer = setTimeout(() => {
        this.#settle(id)?.reject(new SqliteThreadError('the disk did not respond', 'SQLITE_HANGS'));
      }, timeout + hangTimeout);
      this.#pending.set(id, { worker, resolve, reject, timer });
      const deadline = monotonicTime() + timeout;
      const request: StatementRequest = { id, sql, parameters, deadline, alone, transaction };
      worker.postMessage(request);
    });
  }

  /** Never rejects: if the thread fails meanwhile, it has ended, too, and every COMMIT is on disk. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    const exited = Promise.withResolvers<void>();
    worker.once('exit', () => exited.resolve());
    worker.once('error', (err) => this.#log.warn({ err }, 'the database thread failed while closing'));
    worker.ref();
    worker.postMessage(closeMessage);
    await exited.promise;
  }

  /** Starts the thread, also after a crash. */
  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./sqlite-thread.ts', import.meta.url), {
      // Not those of this process: some, such as --input-type, prevent the start.
      execArgv: [],
      workerData: { sqliteFile: this.#file, openTimeout, transactionTimeout: this.transactionTimeout },
    });
    worker.on('message', (responses: StatementResponse[]) => {
      for (const response of responses) this.#onResponse(response);
    });
    worker.on('error', (error: Error) => this.#onEnd(worker, error));
    worker.on('exit', () => this.#onEnd(worker, new Error('the database thread ended')));
    // Only now: a listener for messages keeps the process alive.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #onResponse(response: StatementResponse): void {
    const pending = this.#settle(response.id);
    if (!pending) return;
    if ('error' in response)
      pending.reject(new SqliteThreadError(response.error.message, response.error.code));
    else pending.resolve(response);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  #onEnd(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = undefined;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'SQLITE_THREAD_ENDED';
    // After a crash, its end is reported twice. Statements of the thread that has replaced it go on.
    for (const [id, pending] of [...this.#pending])
      if (pending.worker === worker) this.#settle(id)?.reject(new SqliteThreadError(error.message, code));
  }
}

/** Returns Kysely's dialect for a thread. */
export function sqliteThreadDialect(thread: SqliteThread): Dialect {
  return {
    createAdapter: () => new ThreadAdapter(),
    createDriver: () => new ThreadDriver(thread),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Kysely would otherwise wait for each statement before it starts the next, so that reads would wait for locks. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread;
  /** Number of the open transaction. */
  transaction: number | undefined;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { transaction } = this;
    const { rows, changes } = await this.#thread.execute(sql, parameters, { transaction });
    return {
      // The type of a row is that of the query, which Kysely has compiled to this statement.
      rows: rows as R[],
      ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
    };
  }

  streamQuery(): never {
    throw new Error('The database thread does not stream rows.');
  }
}

class ThreadDriver implements Driver {
  readonly #thread: SqliteThread;
  #lastTransaction = 0;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return new ThreadConnection(this.#thread);
  }
  async releaseConnection(): Promise<void> {}
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#lastTransaction += 1;
    if (connection instanceof ThreadConnection) connection.transaction = this.#lastTransaction;
    await execute(connection, transactionStatements.begin);
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return execute(connection, transactionStatements.commit);
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return execute(connection, transactionStatements.rollback);
  }
  destroy(): Promise<void> {
    return this.#thread.close();
  }
}

async function execute(connection: DatabaseConnection, sql: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(sql));
}
