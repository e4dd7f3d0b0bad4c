/**
 * The thread that owns the SQLite connection. better-sqlite3 is synchronous: a disk that is slow to sync, or another
 * process that holds the write lock, would block the event loop of the server.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';

export type StatementRequest = {
  id: number;
  sql: string;
  parameters: readonly unknown[];
  /** Time of `monotonicTime` after which the statement must not run any more. */
  deadline: number;
};

export type StatementResponse =
  | { id: number; rows: unknown[]; changes: number | undefined }
  | { id: number; error: { message: string; code: string } };

/** Sent instead of a request, to close the database and to end the thread. */
export const closeMessage = 'close';

/** Milliseconds between two attempts while another connection holds a lock. */
const busyInterval = 5;
const maxCachedStatements = 100;

/** Milliseconds of a clock that all threads of a process share and that is never set. */
export function monotonicTime(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

const optionsSchema = z.object({ sqliteFile: z.string(), openTimeout: z.number() });

// The server imports this module, too, for its types and the clock.
const options = optionsSchema.safeParse(workerData).data;
if (parentPort && options) serve(parentPort, options);

function serve(
  port: NonNullable<typeof parentPort>,
  { sqliteFile, openTimeout }: z.infer<typeof optionsSchema>,
): void {
  const database = new Sqlite(sqliteFile, { timeout: 0 });
  retryWhileBusy(openTimeout, () => database.pragma('journal_mode = WAL'));
  // A COMMIT is on disk when it returns.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  const statements = new Map<string, Sqlite.Statement>();

  function prepare(sql: string): Sqlite.Statement {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= maxCachedStatements) statements.clear();
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }

  function run(
    sql: string,
    parameters: readonly unknown[],
  ): { rows: unknown[]; changes: number | undefined } {
    const statement = prepare(sql);
    if (statement.reader) return { rows: statement.all(parameters), changes: undefined };
    return { rows: [], changes: statement.run(parameters).changes };
  }

  function respond(response: StatementResponse): void {
    port.postMessage(response);
  }

  function execute(request: StatementRequest): void {
    const { id, sql, parameters, deadline } = request;
    if (monotonicTime() >= deadline) {
      respond({ id, error: { message: 'the statement waited too long', code: 'SQLITE_BUSY_TIMEOUT' } });
      return;
    }
    try {
      respond({ id, ...run(sql, parameters) });
    } catch (error) {
      // Waits without blocking the statements behind this one.
      if (isBusy(error)) {
        setTimeout(execute, busyInterval, request);
        return;
      }
      const code = error instanceof Sqlite.SqliteError ? error.code : 'SQLITE_ERROR';
      respond({ id, error: { message: error instanceof Error ? error.message : String(error), code } });
    }
  }

  port.on('message', (message: StatementRequest | typeof closeMessage) => {
    if (message !== closeMessage) {
      execute(message);
      return;
    }
    database.close();
    port.close();
  });
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
