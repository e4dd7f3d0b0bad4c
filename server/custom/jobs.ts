import type { RegisteredJob } from '../jobs/define-job.ts';

/** Your own jobs. Releases of the product do not change this file. docs/jobs.md has an example. */
export const customJobs: readonly RegisteredJob[] = [];
