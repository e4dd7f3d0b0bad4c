import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobContext, type JobOptions, type RegisteredJob } from '#server/jobs/define-job.ts';
import type { JobEvent } from '#server/jobs/events.ts';
import { createJobs, type Jobs } from '#server/jobs/job-service.ts';
import { type JobTiming, jobTiming } from '#server/jobs/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Services } from '#server/services.ts';
import type { Database } from '#server/storage/database.ts';

const inputSchema = z.strictObject({ text: z.string() });
type Input = z.infer<typeof inputSchema>;

/** Declares a job that takes a text. */
export function textJob(
  run: (input: Input, context: JobContext) => Promise<void>,
  options: Partial<Omit<JobOptions<Input, Input>, 'run' | 'input'>> = {},
) {
  return defineJob({ name: 'text', input: inputSchema, run, ...options });
}

/** Returns the services of a job that uses none. */
function noServices(): Services {
  throw new Error('This job uses no services.');
}

/** Creates a job service without starting it. It is stopped after the test. `events` has `name event`. */
export function testJobs(
  db: Database,
  jobs: readonly RegisteredJob[],
  timing: Partial<JobTiming> = {},
): { jobs: Jobs; events: string[]; lines: Record<string, unknown>[] } {
  const events: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const created = createJobs({
    jobs,
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    database: { open: async () => db },
    services: noServices,
    timing: { ...jobTiming, pollInterval: 10, ...timing },
    record: (name: string, event: JobEvent) => events.push(`${name} ${event}`),
  });
  onTestFinished(() => created.pause());
  return { jobs: created, events, lines };
}
