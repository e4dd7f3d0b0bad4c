import { sql } from 'kysely';
import { limits } from '../config/limits.ts';
import type { Database } from '../storage/database.ts';
import { withStorageErrors } from './storage-errors.ts';
import type { JobStatus, JobTable } from './tables.ts';

/** A job in the operator's list. */
type JobSummary = {
  id: string;
  name: string;
  status: JobStatus;
  attempts: number;
  acceptedAt: Date;
  /** Time of the next attempt; null unless the job is queued. */
  nextAttemptAt: Date | null;
  /** When the job was done or given up. */
  finishedAt: Date | null;
  /** Why the last attempt failed. */
  lastError: string | null;
};

/** Includes the input, as JSON. */
type JobDetails = JobSummary & { key: string | null; input: string };

export type JobCount = { name: string; status: JobStatus; count: number };

/** The operator's actions on jobs. */
export type JobOperations = {
  /** Newest first. */
  list(options: {
    status?: JobStatus | undefined;
    name?: string | undefined;
    limit: number;
  }): Promise<JobSummary[]>;
  get(id: string): Promise<JobDetails | undefined>;
  /** Resets a dead or queued job to its first attempt, due immediately. Returns false if there is none. */
  requeue(id: string): Promise<boolean>;
  /** Deletes a job with its key, unless it is running. Returns false if there is none. */
  discard(id: string): Promise<boolean>;
  /** Returns the number of jobs by name and status. */
  counts(): Promise<JobCount[]>;
  /**
   * Deletes jobs that were done more than `olderThan` milliseconds ago, at most `limits.jobs.deletedAtOnce`; returns how
   * many. Dead jobs never expire.
   */
  deleteDone(olderThan: number): Promise<number>;
};

export function createJobOperations({ queries, write, now }: Database): JobOperations {
  return {
    list: ({ status, name, limit }) =>
      withStorageErrors(async () => {
        const rows = await queries
          .selectFrom('job')
          .selectAll()
          .$if(status !== undefined, (select) => select.where('status', '=', status ?? 'queued'))
          .$if(name !== undefined, (select) => select.where('name', '=', name ?? ''))
          .orderBy('accepted_at', 'desc')
          .orderBy('id')
          .limit(limit)
          .execute();
        return rows.map(toSummary);
      }),

    get: (id) =>
      withStorageErrors(async () => {
        const row = await queries.selectFrom('job').selectAll().where('id', '=', id).executeTakeFirst();
        return row && { ...toSummary(row), key: row.unique_key, input: row.input };
      }),

    requeue: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const result = await transaction
            .updateTable('job')
            .set({
              status: 'queued',
              attempts: 0,
              unfinished: 0,
              queued_at: now(),
              next_attempt_at: now(),
              finished_at: null,
            })
            .where('id', '=', id)
            .where('status', 'in', ['dead', 'queued'])
            .executeTakeFirst();
          return result.numUpdatedRows > 0n;
        }),
      ),

    discard: (id) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const result = await transaction
            .deleteFrom('job')
            .where('id', '=', id)
            .where('status', '!=', 'running')
            .executeTakeFirst();
          return result.numDeletedRows > 0n;
        }),
      ),

    counts: () =>
      withStorageErrors(async () => {
        const rows = await queries
          .selectFrom('job')
          .select(['name', 'status', (eb) => eb.fn.countAll<number | string | bigint>().as('count')])
          .groupBy(['name', 'status'])
          .execute();
        return rows.map(({ name, status, count }) => ({ name, status, count: Number(count) }));
      }),

    deleteDone: (olderThan) =>
      withStorageErrors(() =>
        write(async (transaction) => {
          const before = sql<number>`${now()} - ${sql.val(Math.round(olderThan))}`;
          const result = await transaction
            .deleteFrom('job')
            .where('id', 'in', (eb) =>
              eb
                .selectFrom('job')
                .select('id')
                .where('status', '=', 'done')
                .where('finished_at', '<', before)
                .limit(limits.jobs.deletedAtOnce),
            )
            .executeTakeFirst();
          return Number(result.numDeletedRows);
        }),
      ),
  };
}

function toSummary(row: JobTable): JobSummary {
  const toDate = (time: number | null) => (time === null ? null : new Date(time));
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    attempts: row.attempts,
    acceptedAt: new Date(row.accepted_at),
    nextAttemptAt: row.status === 'queued' ? new Date(row.next_attempt_at) : null,
    finishedAt: toDate(row.finished_at),
    lastError: row.last_error,
  };
}
