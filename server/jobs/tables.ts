/**
 * queued: waits for its next attempt; running: claimed by a process until its lease ends; done: completed; dead: never
 * attempted again.
 */
export const jobStatuses = ['queued', 'running', 'done', 'dead'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** Times are whole milliseconds since the epoch. */
export type JobTable = {
  id: string;
  name: string;
  /** The input as JSON, as it was given to `enqueue`. */
  input: string;
  /** With the name, it belongs to one job. */
  unique_key: string | null;
  status: JobStatus;
  attempts: number;
  /** Claims since the last outcome: in each, a process died or lost the storage while running this job. */
  unfinished: number;
  accepted_at: number;
  /** When the job could first be attempted: accepted_at with its delay, or its latest requeue. */
  queued_at: number;
  next_attempt_at: number;
  lease_token: string | null;
  lease_until: number | null;
  finished_at: number | null;
  /** An error classification for the operator, without texts of other systems. */
  last_error: string | null;
  /** The trace that the job was accepted in; its attempts continue that trace. */
  traceparent: string | null;
};

type JobScheduleTable = {
  name: string;
  /** The latest time for which the job was enqueued. */
  last_due_at: number;
};

export type JobTables = { job: JobTable; job_schedule: JobScheduleTable };
