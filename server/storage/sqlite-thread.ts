/**
 * The thread that owns the SQLite connection. better-sqlite3 is synchronous: a disk that is slow to sync, or another
 * process that holds the write lock, would block the event loop of the server.
 */
import { statSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { isRecord } from '../lib/is-record.ts';

export type StatementRequest = {
  id: number;
  sql: string;
  parameters: readonly unknown[];
  /** Time of `monotonicTime` after which the statement must not run any more. */
  deadline: number;
  /** True for a statement that begins or ends a transaction itself. */
  alone: boolean;
  /** Number of the transaction that the statement belongs to. */
  transaction?: number | undefined;
};

export type StatementResponse =
  | { id: number; rows: unknown[]; changes: number | undefined }
  | { id: number; error: { message: string; code: string } };

/** Sent instead of a request, to close the database and to end the thread. */
export const closeMessage = 'close';

/** The statements that begin and end a transaction. */
export const transactionStatements = {
  begin: 'begin immediate',
  commit: 'commit',
  rollback: 'rollback',
} as const;

/** Milliseconds between two attempts while another connection holds a lock. */
const busyInterval = 5;
const maxCachedStatements = 100;
/** Maximum number of statements that share a transaction. */
const maxGroup = 100;

/** Milliseconds of a clock that all threads of a process share and that is never set. */
export function monotonicTime(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

// The server imports this module, too, for its types and the clock.
if (parentPort && isRecord(workerData)) {
  const { sqliteFile, openTimeout, transactionTimeout } = workerData;
  if (
    typeof sqliteFile === 'string' &&
    typeof openTimeout === 'number' &&
    typeof transactionTimeout === 'number'
  ) {
    serve(parentPort, { sqliteFile, openTimeout, transactionTimeout });
  }
}

/** An error of this thread, with a code like those of SQLite. */
class ThreadError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

type Connection = { database: Sqlite.Database; prepare(sql: string): Sqlite.Statement };

function connect(sqliteFile: string, openTimeout: number): Connection {
  const database = new Sqlite(sqliteFile, { timeout: 0 });
  retryWhileBusy(openTimeout, () => database.pragma('journal_mode = WAL'));
  // A COMMIT is on disk when it returns.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  const statements = new LRUCache<string, Sqlite.Statement>({
    max: maxCachedStatements,
    memoMethod: (sql) => database.prepare(sql),
  });
  return { database, prepare: (sql) => statements.memo(sql) };
}

function serve(
  port: NonNullable<typeof parentPort>,
  {
    sqliteFile,
    openTimeout,
    transactionTimeout,
  }: { sqliteFile: string; openTimeout: number; transactionTimeout: number },
): void {
  const main = connect(sqliteFile, openTimeout);
  const { database, prepare } = main;
  const opened = statSync(sqliteFile);
  /** The connection of transactions: the reads of other callers must not see what is not committed. */
  let second: Connection | undefined;
  /** The open transaction. There is one at a time. */
  let transaction: { id: number; timer: NodeJS.Timeout } | undefined;
  /** Statements that begin a transaction, and wait for the end of the open one. */
  const waiting: [request: StatementRequest, id: number][] = [];
  /** Statements that write and wait for their transaction. */
  let writes: StatementRequest[] = [];
  let retry: NodeJS.Timeout | undefined;

  function run({ id, sql, parameters }: StatementRequest, connection = main): StatementResponse {
    const statement = connection.prepare(sql);
    if (statement.reader) return { id, rows: statement.all(parameters), changes: undefined };
    return { id, rows: [], changes: statement.run(parameters).changes };
  }

  function respond(responses: StatementResponse[]): void {
    if (responses.length > 0) port.postMessage(responses);
  }

  /** Removes the requests whose deadline has passed, and responds to them. */
  function withoutLate(requests: readonly StatementRequest[]): StatementRequest[] {
    const now = monotonicTime();
    const late = requests.filter(({ deadline }) => now >= deadline);
    const error = new ThreadError('the statement waited too long', 'SQLITE_BUSY_TIMEOUT');
    respond(late.map(({ id }) => failure(id, error)));
    return requests.filter(({ deadline }) => now < deadline);
  }

  /** Rejects after the file was removed or replaced: the connection would write to a file that has no name any more. */
  function requireSameFile(): void {
    const stats = statSync(sqliteFile, { throwIfNoEntry: false });
    if (!stats) throw new ThreadError('the database file was removed', 'SQLITE_MISSING');
    if (stats.ino !== opened.ino || stats.dev !== opened.dev) {
      throw new ThreadError('the database file was replaced', 'SQLITE_REPLACED');
    }
  }

  /**
   * Runs statements in one transaction, so that they share one sync to the disk. A statement that violates a constraint
   * fails alone. If the transaction fails, nothing of it is stored and all statements fail.
   *
   * @throws the error of the transaction
   */
  function runTogether(group: readonly StatementRequest[]): StatementResponse[] {
    requireSameFile();
    prepare('begin immediate').run();
    try {
      const responses = group.map((request) => {
        try {
          return run(request);
        } catch (error) {
          // SQLite has ended the transaction, for example because the disk is full.
          if (!database.inTransaction) throw error;
          return failure(request.id, error);
        }
      });
      prepare('commit').run();
      return responses;
    } finally {
      if (database.inTransaction) prepare('rollback').run();
    }
  }

  function runWrites(): void {
    clearTimeout(retry);
    while (writes.length > 0) {
      const group = withoutLate(writes.slice(0, maxGroup));
      writes = writes.slice(maxGroup);
      if (group.length === 0) continue;
      try {
        respond(runTogether(group));
      } catch (error) {
        if (isBusy(error)) {
          writes = [...group, ...writes];
          retry = setTimeout(runWrites, busyInterval);
          return;
        }
        respond(group.map(({ id }) => failure(id, error)));
      }
    }
  }

  function endTransaction(): void {
    clearTimeout(transaction?.timer);
    transaction = undefined;
    const next = waiting.shift();
    if (next) acceptInTransaction(...next);
  }

  function abandonTransaction(): void {
    if (second?.database.inTransaction) second.prepare(transactionStatements.rollback).run();
    endTransaction();
  }

  function runInTransaction(request: StatementRequest, id: number): StatementResponse {
    const isOpen = transaction?.id === id;
    if (request.sql === transactionStatements.begin) {
      requireSameFile();
      second ??= connect(sqliteFile, openTimeout);
      const response = run(request, second);
      transaction = { id, timer: setTimeout(abandonTransaction, transactionTimeout) };
      return response;
    }
    if (request.sql === transactionStatements.rollback && !isOpen)
      return { id: request.id, rows: [], changes: 0 };
    if (!isOpen)
      throw new ThreadError('the transaction took too long and is rolled back', 'SQLITE_BUSY_TIMEOUT');
    if (request.sql === transactionStatements.commit) requireSameFile();
    return run(request, second);
  }

  /** Runs a statement of a transaction. Transactions wait for one another in the order of their beginnings. */
  function acceptInTransaction(request: StatementRequest, id: number): void {
    if (request.sql === transactionStatements.begin && transaction) {
      waiting.push([request, id]);
      return;
    }
    if (withoutLate([request]).length === 0) {
      if (!transaction) endTransaction();
      return;
    }
    try {
      respond([runInTransaction(request, id)]);
    } catch (error) {
      if (isBusy(error)) {
        setTimeout(acceptInTransaction, busyInterval, request, id);
        return;
      }
      respond([failure(request.id, error)]);
    }
    if (!second?.database.inTransaction) endTransaction();
  }

  /** Runs a statement at once if it writes nothing; others wait for the next shared transaction. */
  function accept(request: StatementRequest): void {
    if (request.transaction !== undefined) {
      acceptInTransaction(request, request.transaction);
      return;
    }
    if (withoutLate([request]).length === 0) return;
    try {
      const runsNow = request.alone || database.inTransaction || prepare(request.sql).readonly;
      if (runsNow) respond([run(request)]);
      else writes.push(request);
    } catch (error) {
      if (isBusy(error)) setTimeout(acceptAgain, busyInterval, request);
      else respond([failure(request.id, error)]);
    }
  }

  function acceptAgain(request: StatementRequest): void {
    accept(request);
    runWrites();
  }

  port.on('message', (first: StatementRequest | typeof closeMessage) => {
    // The statements that arrived during the previous transaction form the next one.
    for (let next = first; ; ) {
      if (next === closeMessage) {
        runWrites();
        waiting.length = 0;
        abandonTransaction();
        second?.database.close();
        database.close();
        port.close();
        return;
      }
      accept(next);
      const received: { message: StatementRequest | typeof closeMessage } | undefined =
        receiveMessageOnPort(port);
      if (!received) break;
      next = received.message;
    }
    runWrites();
  });
}

function failure(id: number, error: unknown): StatementResponse {
  const message = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof Sqlite.SqliteError || error instanceof ThreadError ? error.code : 'SQLITE_ERROR';
  return { id, error: { message, code } };
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** Retries while another connection holds the database. SQLite itself does not wait before it changes the journal. */
function retryWhileBusy(timeout: number, operation: () => void): void {
  const deadline = monotonicTime() + timeout;
  const neverChanged = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      operation();
      return;
    } catch (error) {
      if (!isBusy(error) || monotonicTime() >= deadline) throw error;
      Atomics.wait(neverChanged, 0, 0, busyInterval);
    }
  }
}
