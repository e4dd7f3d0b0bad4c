import type { Transaction } from 'kysely';
import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/tables.ts';
import { type CronTimes, cronTimes } from './cron.ts';
import { JobError } from './job-error.ts';

/** The context of a run. */
export type JobContext = {
  /** Id of the job: the same in all its attempts. */
  id: string;
  /** The number of this attempt, starting at 1. */
  attempt: number;
  /**
   * Aborts when the attempt takes longer than the job's timeout, when the process shuts down, and when another process has
   * taken the job over. The outcome of the run is then ignored.
   */
  signal: AbortSignal;
  log: Logger;
  services: Services;
  /**
   * Completes the job in one transaction with statements of your own. They are stored exactly once: with the completion, or
   * not at all. Call it last.
   *
   * @throws JobError if another process has taken the job over
   */
  complete(statements: (transaction: Transaction<Tables>) => Promise<void>): Promise<void>;
};

/** When a job is attempted again. Milliseconds, except for `attempts` and `factor`. */
type RetryPolicy = {
  /** Maximum number of attempts. Then the job is dead. */
  attempts: number;
  /** Upper bound of the random delay before the second attempt. Each further one is `factor` times as long. */
  base: number;
  factor: number;
  cap: number;
};

/** Runs at the times of a cron expression, once for all instances. */
type JobSchedule<Input> = {
  /** Five fields, such as `0 3 * * *`. */
  cron: string;
  /** A name of the IANA database, such as `Europe/Berlin`. UTC by default. */
  timeZone?: string;
  input: Input;
};

export type JobOptions<Input, Parsed> = {
  /** Lower case, with digits and hyphens. It is stored with each job: never change it. */
  name: string;
  /** Its values must be the same after a conversion to JSON and back. */
  input: z.ZodType<Parsed, Input>;
  /** Makes one attempt. It can be repeated, so it must be idempotent, unless it ends with `context.complete`. */
  run(input: Parsed, context: JobContext): Promise<void>;
  retry?: Partial<RetryPolicy>;
  /** Time limit of one attempt, in milliseconds. */
  timeout?: number;
  schedule?: JobSchedule<Input>;
};

/** A job without the type of its input, as the runner sees it. */
export type RegisteredJob = {
  name: string;
  retry: RetryPolicy;
  timeout: number;
  schedule: { times: CronTimes; input: string } | undefined;
  /**
   * @param json the stored input
   * @throws JobError permanent if it does not have the schema, for example since a new version
   */
  prepare(json: string): (context: JobContext) => Promise<void>;
};

export type Job<Input> = RegisteredJob & {
  /**
   * @returns the input as JSON
   * @throws ZodError if the input, converted to JSON and back, does not have the schema
   */
  serialize(input: Input): string;
};

const optionsSchema = z.object({
  name: z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/),
  retry: z.object({
    attempts: z.int().min(1),
    base: z.number().positive(),
    factor: z.number().min(1),
    cap: z.number().positive().max(limits.jobs.maxDelay),
  }),
  timeout: z.number().positive().max(limits.jobs.maxTimeout),
});

/**
 * Declares a job. List it in `server/custom/jobs.ts`, and enqueue it with `services.jobs.enqueue`.
 *
 * @throws Error if an option is not valid
 */
export function defineJob<Input, Parsed>(options: JobOptions<Input, Parsed>): Job<Input> {
  const { input: schema, schedule } = options;
  const { name, retry, timeout } = optionsSchema.parse({
    name: options.name,
    retry: { ...limits.jobs.retry, ...options.retry },
    timeout: options.timeout ?? limits.jobs.timeout,
  });

  function serialize(input: Input): string {
    const json = JSON.stringify(input) ?? 'null';
    schema.parse(JSON.parse(json));
    return json;
  }

  return {
    name,
    retry,
    timeout,
    schedule: schedule && {
      times: cronTimes(schedule.cron, schedule.timeZone ?? 'UTC'),
      input: serialize(schedule.input),
    },
    serialize,
    prepare(json) {
      const parsed = schema.safeParse(parseJson(json));
      if (!parsed.success) throw new JobError('permanent', 'the input does not have the schema of the job');
      return (context) => options.run(parsed.data, context);
    },
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new JobError('permanent', 'the input is no JSON', { cause });
  }
}
