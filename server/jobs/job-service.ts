import type { Transaction } from 'kysely';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { Database } from '../storage/database.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import type { Tables } from '../storage/tables.ts';
import { afterCommit } from '../storage/transaction.ts';
import type { Job } from './define-job.ts';
import type { JobEvent } from './events.ts';
import { createJobQueue, type JobQueue, type JobReceipt } from './job-queue.ts';
import type { JobOperations } from './operations.ts';
import { createJobRunner, type JobRunnerOptions } from './runner.ts';
import { createScheduler } from './scheduler.ts';
import { withStorageErrors } from './storage-errors.ts';
import { type JobTiming, jobTiming } from './timing.ts';

type EnqueueOptions = {
  /** At most one job of this name has this key, until it is done and deleted. */
  key?: string;
  /** Milliseconds until the first attempt, at most `limits.jobs.maxDelay`. */
  delay?: number;
  /** A transaction of `Database.transaction`: the job is stored with its other statements, or not at all. */
  within?: Transaction<Tables>;
};

export type Jobs = {
  /**
   * Accepts a job; resolves once it is durable, before it runs.
   *
   * @throws AppError storage_unavailable
   * @throws ZodError if the input does not have the job's schema, and Error if the job is not registered: defects
   */
  enqueue<Input>(job: Job<Input>, input: Input, options?: EnqueueOptions): Promise<JobReceipt>;
  /** For the operator. A requeued job is attempted immediately. */
  operations: Omit<JobOperations, 'deleteDone'> & {
    /** Deletes jobs that were done more than `timing.doneKeptFor` ago. @returns how many */
    deleteDone(): Promise<number>;
  };
  /** Starts running, including jobs that earlier processes accepted. Does not throw. */
  start(): void;
  /** Makes the runner look for due jobs. Has no effect unless this process runs jobs. */
  wake(): void;
  /** Ends the running attempts and stops; jobs are still accepted. */
  pause(): Promise<void>;
};

export type JobsOptions = Pick<JobRunnerOptions, 'jobs' | 'services'> & {
  log: Logger;
  database: Pick<LazyDatabase, 'open'>;
  timing?: JobTiming;
  record?: (name: string, event: JobEvent) => void;
  observe?: (name: string, seconds: number) => void;
  /** Set if this process is one of several workers, of which one runs jobs. */
  coordinator?: Pick<Coordinator, 'wakeMailLeader'> | undefined;
};

const enqueueSchema = z.object({
  key: z.string().max(limits.jobs.keyLength).optional(),
  delay: z.number().min(0).max(limits.jobs.maxDelay).default(0),
  input: z.string().max(limits.jobs.inputLength),
});

/** @throws Error if two jobs have the same name */
export function createJobs(options: JobsOptions): Jobs {
  const { jobs, log, database, timing = jobTiming, coordinator } = options;
  const { record = () => {}, observe = () => {} } = options;
  const names = new Set(jobs.map(({ name }) => name));
  if (names.size < jobs.length) throw new Error('Two jobs have the same name.');
  const queues = new WeakMap<Database, JobQueue>();
  let runs = false;

  const queue = () =>
    withStorageErrors(async () => {
      const db = await database.open();
      const known = queues.get(db) ?? createJobQueue(db, timing);
      queues.set(db, known);
      return known;
    });
  const runner = createJobRunner({ ...options, queue, log, timing, record, observe });
  const scheduler = createScheduler({
    jobs,
    queue,
    log,
    interval: timing.scheduleInterval,
    enqueued(name) {
      record(name, 'accepted');
      runner.wake();
    },
  });

  async function deleteDone(): Promise<number> {
    const { deleteDone: deleteSome } = await queue();
    for (let total = 0; ; ) {
      const deleted = await deleteSome(timing.doneKeptFor);
      if (deleted === 0) return total;
      total += deleted;
    }
  }

  function wakeRunner(): void {
    if (runs || !coordinator) runner.wake();
    else coordinator.wakeMailLeader();
  }

  return {
    async enqueue(job, given, { within, ...rest } = {}) {
      if (!names.has(job.name)) throw new Error(`The job ${job.name} is not in the list of jobs.`);
      const { key, delay, input } = enqueueSchema.parse({ ...rest, input: job.serialize(given) });
      const receipt = await (await queue()).enqueue({ name: job.name, input, key, delay }, within);
      const accepted = () => {
        record(job.name, receipt.duplicate ? 'duplicate' : 'accepted');
        wakeRunner();
      };
      if (within) afterCommit(within, accepted);
      else accepted();
      return receipt;
    },
    operations: {
      list: async (listOptions) => (await queue()).list(listOptions),
      get: async (id) => (await queue()).get(id),
      async requeue(id) {
        const requeued = await (await queue()).requeue(id);
        wakeRunner();
        return requeued;
      },
      discard: async (id) => (await queue()).discard(id),
      counts: async () => (await queue()).counts(),
      deleteDone,
    },
    start() {
      runs = true;
      runner.start();
      scheduler.start();
    },
    wake: runner.wake,
    async pause() {
      runs = false;
      await Promise.all([scheduler.stop(), runner.stop()]);
    },
  };
}
