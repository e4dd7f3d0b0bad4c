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
};

export type StatementResponse =
  | { id: number; rows: unknown[]; changes: number | undefined }
  | { id: number; error: { message: string; code: string } };

/** Sent instead of a request, to close the database and to end the thread. */
export const closeMessage = 'close';

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
  const { sqliteFile, openTimeout } = workerData;
  if (typeof sqliteFile === 'string' && typeof openTimeout === 'number') {
    serve(parentPort, { sqliteFile, openTimeout });
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

function serve(
  port: NonNullable<typeof parentPort>,
  { sqliteFile, openTimeout }: { sqliteFile: string; openTimeout: number },
): void {
  const database = new Sqlite(sqliteFile, { timeout: 0 });
  retryWhileBusy(openTimeout, () => database.pragma('journal_mode = WAL'));
  // A COMMIT is on disk when it returns.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  const opened = statSync(sqliteFile);
  const statements = new LRUCache<string, Sqlite.Statement>({
    max: maxCachedStatements,
    memoMethod: (sql) => database.prepare(sql),
  });
  /** Statements that write and wait for their transaction. */
  let writes: StatementRequest[] = [];
  let retry: NodeJS.Timeout | undefined;

  const prepare = (sql: string) => statements.memo(sql);

  function run({ id, sql, parameters }: StatementRequest): StatementResponse {
    const statement = prepare(sql);
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

  /** Runs a statement at once if it writes nothing; others wait for the next shared transaction. */
  function accept(request: StatementRequest): void {
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
