import { isAppError } from '../errors.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Logger } from '../observability/log.ts';
import { currentTrace, parseTraceparent } from '../observability/trace-context.ts';
import { tracing } from '../observability/tracing/span.ts';
import { backoff } from '../queue/backoff.ts';
import { createQueueWorker, type QueueWorker, type StoreOutcome } from '../queue/worker.ts';
import type { JobContext, RegisteredJob } from './define-job.ts';
import type { JobEvent } from './events.ts';
import { JobError } from './job-error.ts';
import type { ClaimedJob, JobQueue } from './job-queue.ts';
import type { JobTiming } from './timing.ts';

export type JobRunnerOptions = {
  jobs: readonly RegisteredJob[];
  /** Called in every round, so that a storage that failed to open is opened again. */
  queue: () => Promise<JobQueue>;
  services: () => JobContext['services'];
  log: Logger;
  timing: JobTiming;
  record: (name: string, event: JobEvent) => void;
  observe: (name: string, seconds: number) => void;
};

type Pause = { failures: number; until: number };

/** Runs due jobs, at most `timing.concurrency` at a time. It never throws. */
export function createJobRunner(options: JobRunnerOptions): QueueWorker {
  const { log, timing, record } = options;
  const jobs = new Map(options.jobs.map((job) => [job.name, job]));
  /** Jobs that cannot run now, by name. Times are of performance.now(), which is monotonic. */
  const pauses = new Map<string, Pause>();

  /** Jobs of other versions stay queued for those. */
  const runnable = () =>
    [...jobs.keys()].filter((name) => performance.now() >= (pauses.get(name)?.until ?? 0));

  async function attempt(claimed: ClaimedJob, stopping: AbortSignal): Promise<StoreOutcome<JobQueue>> {
    const { row, token, crashedClaims } = claimed;
    const { id, name } = row;
    const job = jobs.get(name);
    if (!job) throw new Error(`There is no job ${name}.`);
    const fields = { jobId: id, job: name, attempt: row.attempts };
    const markDead = (lastError: string, message: string): StoreOutcome<JobQueue> => {
      record(name, 'dead');
      return async (queue) => {
        await queue.markDead(id, token, lastError);
        log.error({ ...fields, lastError }, message);
      };
    };
    // It may have crashed those processes, and must not block the jobs behind it.
    if (crashedClaims >= timing.crashedClaims) {
      return markDead(
        `${crashedClaims} claims without an outcome`,
        'job marked dead: every claim of it ended without an outcome',
      );
    }
    const result = await run(job, claimed, stopping);
    if (result.failure === undefined) {
      pauses.delete(name);
      record(name, 'done');
      return async (queue) => {
        if (result.isCompleted || (await queue.complete(id, token))) log.info(fields, 'job done');
        else log.warn(fields, 'job done after its lease expired; it may run again');
      };
    }
    const { kind, message } = result.failure;
    const lastError = `${kind}: ${message}`;
    const retryLater = (delay: number, countAttempt: boolean, text: string): StoreOutcome<JobQueue> => {
      return async (queue) => {
        await queue.retryLater(id, token, { delay, lastError, countAttempt });
        log.warn({ ...fields, lastError, retryInMs: delay, err: result.failure }, text);
      };
    };
    if (stopping.aborted) return retryLater(0, false, 'job interrupted by shutdown');
    const { base, factor, cap, attempts } = job.retry;
    const delayAfter = (failures: number) =>
      backoff(failures, { backoffBase: base, backoffFactor: factor, backoffCap: cap });
    if (kind === 'unavailable') {
      record(name, 'unavailable');
      const earlier = pauses.get(name);
      // Several that were running fail together: they count as one.
      const isNew = !earlier || earlier.until <= performance.now();
      const failures = (earlier?.failures ?? 0) + (isNew ? 1 : 0);
      const delay = delayAfter(failures);
      if (isNew) pauses.set(name, { failures, until: performance.now() + delay });
      return retryLater(delay, false, 'job paused: what it needs is unavailable');
    }
    pauses.delete(name);
    if (kind === 'permanent' || row.attempts >= attempts) return markDead(lastError, 'job marked dead');
    record(name, 'retried');
    return retryLater(delayAfter(row.attempts), true, 'job will be retried');
  }

  /** Runs a job until it ends, times out, or must stop. */
  async function run(
    job: RegisteredJob,
    { row, token }: ClaimedJob,
    stopping: AbortSignal,
  ): Promise<{ failure?: JobError; isCompleted: boolean }> {
    const abort = new AbortController();
    const signal = AbortSignal.any([stopping, abort.signal]);
    const started = performance.now();
    let isCompleted = false;
    const renewal = setInterval(() => void renew(row.id, token, abort), timing.lease / 3).unref();
    const context: JobContext = {
      id: row.id,
      attempt: row.attempts,
      signal,
      log: options.log,
      get services() {
        return options.services();
      },
      async complete(statements) {
        await (await options.queue()).completeWith(row.id, token, statements);
        isCompleted = true;
      },
    };
    try {
      const start = job.prepare(row.input);
      const running = Promise.race([start(context), rejectOn(signal)]);
      await withTimeout(running, job.timeout, () => {
        const error = new JobError('transient', 'timeout');
        abort.abort(error);
        throw error;
      });
      return { isCompleted };
    } catch (error) {
      return isCompleted ? { isCompleted } : { failure: toJobError(error), isCompleted };
    } finally {
      clearInterval(renewal);
      options.observe(job.name, (performance.now() - started) / 1000);
    }
  }

  async function renew(id: string, token: string, abort: AbortController): Promise<void> {
    try {
      if (await (await options.queue()).renew(id, token)) return;
      abort.abort(new JobError('transient', 'another process has taken the job over'));
    } catch {
      // The storage logs its failures itself. The next renewal may succeed before the lease ends.
    }
  }

  const workers = Array.from({ length: timing.concurrency }, () =>
    createQueueWorker<JobQueue, ClaimedJob>({
      work: 'jobs',
      queue: options.queue,
      claim: (queue) => queue.claim(runnable()),
      attempt: (claimed, stopping, storeOutcome) =>
        withJobTrace(claimed, async () => storeOutcome(await attempt(claimed, stopping))),
      log,
      timing,
    }),
  );
  return {
    start: () => workers.forEach((worker) => void worker.start()),
    wake: () => workers.forEach((worker) => void worker.wake()),
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Texts of other errors may contain personal data: only their names are stored. */
function toJobError(error: unknown): JobError {
  if (error instanceof JobError) return error;
  if (isAppError(error)) return new JobError('transient', error.reason, { cause: error });
  return new JobError('transient', error instanceof Error ? error.name : 'unknown', { cause: error });
}

/** Runs one attempt in the trace that the job was accepted in. */
async function withJobTrace({ row }: ClaimedJob, attempt: () => Promise<void>): Promise<void> {
  const parent = parseTraceparent(row.traceparent);
  const span = tracing.tracer?.start(`job ${row.name}`, {
    kind: 'consumer',
    parent,
    attributes: { 'bff.job_id': row.id, 'bff.attempt': row.attempts },
  });
  try {
    await currentTrace.run(span ?? parent, attempt);
  } finally {
    span?.end();
  }
}
