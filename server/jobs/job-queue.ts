import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import { currentTrace, formatTraceparent } from '../observability/trace-context.ts';
import { createLeases, type Lease } from '../queue/leases.ts';
import type { Database, Queries } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';
import { JobError } from './job-error.ts';
import { createJobOperations, type JobOperations } from './operations.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { JobTable } from './tables.ts';

export type JobReceipt = {
  id: string;
  /** True if the key already belonged to this job. */
  duplicate: boolean;
};

export type NewJob = {
  name: string;
  /** JSON. */
  input: string;
  key: string | undefined;
  /** Milliseconds until the first attempt. */
  delay: number;
};

export type ClaimedJob = Lease<JobTable>;

/** The queue of all jobs. Every operation throws `AppError('storage_unavailable')` when the storage fails. */
export type JobQueue = JobOperations & {
  /**
   * Accepts a job; resolves after COMMIT, unless it is part of a transaction.
   *
   * @param transaction throws its own errors
   */
  enqueue(job: NewJob, transaction?: Queries): Promise<JobReceipt>;
  /** Returns the latest times for which jobs were enqueued, by name, and the time by the database's clock. */
  schedules(): Promise<{ now: Date; lastDue: ReadonlyMap<string, Date> }>;
  /**
   * Enqueues a job for a time of its schedule, unless another process has done so. The first look at a new schedule only
   * notes the time.
   *
   * @param scheduled.last as `schedules` returned it
   * @returns whether this call has enqueued it
   */
  enqueueDue(scheduled: {
    name: string;
    input: string;
    due: Date | undefined;
    last: Date | undefined;
    now: Date;
  }): Promise<boolean>;
  /** Claims a due job with one of these names. */
  claim(names: readonly string[]): Promise<ClaimedJob | undefined>;
  /** Prolongs a lease from now on. @returns false if it no longer belongs to this token */
  renew(id: string, token: string): Promise<boolean>;
  /** Outcomes are fenced: with a token other than the current lease's, nothing changes and the result is false. */
  complete(id: string, token: string): Promise<boolean>;
  retryLater(
    id: string,
    token: string,
    retry: { delay: number; lastError: string; countAttempt: boolean },
  ): Promise<boolean>;
  markDead(id: string, token: string, lastError: string): Promise<boolean>;
  /**
   * Completes a job in one transaction with other statements.
   *
   * @throws JobError if the lease no longer belongs to this token; then nothing is stored
   */
  completeWith(
    id: string,
    token: string,
    statements: (transaction: Transaction<Tables>) => Promise<void>,
  ): Promise<void>;
};

/** @param options.lease milliseconds */
export function createJobQueue(db: Database, options: { lease: number; maxDelay: number }): JobQueue {
  const leases = createLeases(db, { table: 'job', claimed: 'running', ...options });
  const done = { status: 'done', lastError: null, timeIn: 'finished_at' } as const;

  async function insert(queries: Queries, { name, input, key, delay }: NewJob): Promise<JobReceipt> {
    const trace = currentTrace.getStore();
    const dueAt = sql<number>`${db.now()} + ${sql.val(Math.round(delay))}`;
    // The unique index resolves a race: the loser inserts nothing and reads the winner's row.
    const inserted = await queries
      .insertInto('job')
      .values({
        id: randomUUID(),
        name,
        input,
        unique_key: key ?? null,
        status: 'queued',
        attempts: 0,
        unfinished: 0,
        accepted_at: db.now(),
        queued_at: dueAt,
        next_attempt_at: dueAt,
        traceparent: trace ? formatTraceparent(trace) : null,
      })
      .onConflict((conflict) => conflict.columns(['name', 'unique_key']).doNothing())
      .returning('id')
      .executeTakeFirst();
    if (inserted) return { id: inserted.id, duplicate: false };
    const { id } = await queries
      .selectFrom('job')
      .select('id')
      .where('name', '=', name)
      .where('unique_key', '=', key ?? null)
      .executeTakeFirstOrThrow();
    return { id, duplicate: true };
  }

  return {
    ...createJobOperations(db),
    enqueue: (job, transaction) =>
      transaction
        ? insert(transaction, job)
        : withStorageErrors(() => db.write((queries) => insert(queries, job))),
    schedules: () =>
      withStorageErrors(async () => {
        const { rows } = await sql<{ now: number }>`select ${db.now()} as now`.execute(db.queries);
        const known = await db.queries.selectFrom('job_schedule').selectAll().execute();
        return {
          now: new Date(Number(rows[0]?.now)),
          lastDue: new Map(known.map((row) => [row.name, new Date(row.last_due_at)])),
        };
      }),
    enqueueDue: ({ name, input, due, last, now }) =>
      withStorageErrors(() =>
        db.transaction(async (transaction) => {
          const noted = last && last <= now && due ? due : now;
          // Of several processes, one finds the row as it was. The others wait for its transaction and change nothing.
          const changed = last
            ? await transaction
                .updateTable('job_schedule')
                .set({ last_due_at: noted.getTime() })
                .where('name', '=', name)
                .where('last_due_at', '=', last.getTime())
                .returning('name')
                .executeTakeFirst()
            : await transaction
                .insertInto('job_schedule')
                .values({ name, last_due_at: noted.getTime() })
                .onConflict((conflict) => conflict.column('name').doNothing())
                .returning('name')
                .executeTakeFirst();
          // A time in the future: the clock was set back.
          if (!changed || !last || last > now || !due) return false;
          const key = `schedule ${due.toISOString()}`;
          const { duplicate } = await insert(transaction, { name, input, key, delay: 0 });
          return !duplicate;
        }),
      ),
    claim: (names) =>
      withStorageErrors(async () =>
        names.length === 0 ? undefined : leases.claim(sql`name in (${sql.join(names)})`),
      ),
    renew: (id, token) => withStorageErrors(() => leases.renew(id, token)),
    complete: (id, token) => withStorageErrors(() => leases.end(id, token, done)),
    retryLater: (id, token, { delay, lastError, countAttempt }) =>
      withStorageErrors(() =>
        leases.end(id, token, { status: 'queued', lastError, delay, uncountAttempt: !countAttempt }),
      ),
    markDead: (id, token, lastError) =>
      withStorageErrors(() => leases.end(id, token, { status: 'dead', lastError, timeIn: 'finished_at' })),
    completeWith: (id, token, statements) =>
      db.transaction(async (transaction) => {
        if (!(await leases.end(id, token, done, transaction))) {
          throw new JobError('transient', 'another process has taken the job over');
        }
        await statements(transaction);
      }),
  };
}
