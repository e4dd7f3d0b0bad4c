import type { QueueColumns } from '../queue/columns.ts';

/**
 * queued: waits for its next attempt; running: claimed by a process until its lease ends; done: completed; dead: never
 * attempted again.
 */
export const jobStatuses = ['queued', 'running', 'done', 'dead'] as const;
export type JobStatus = (typeof jobStatuses)[number];

export type JobTable = QueueColumns<JobStatus> & {
  name: string;
  /** The input as JSON, as it was given to `enqueue`. */
  input: string;
  /** With the name, it belongs to one job. */
  unique_key: string | null;
  finished_at: number | null;
};

type JobScheduleTable = {
  name: string;
  /** The latest time for which the job was enqueued. */
  last_due_at: number;
};

export type JobTables = { job: JobTable; job_schedule: JobScheduleTable };
