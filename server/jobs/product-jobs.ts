import { z } from 'zod';
import { cleanUpFiles } from '../files/clean-up-job.ts';
import { defineJob } from './define-job.ts';

/** Deletes jobs that were done long ago, once an hour. */
const deleteDoneJobs = defineJob({
  name: 'delete-done-jobs',
  input: z.strictObject({}),
  schedule: { cron: '17 * * * *', input: {} },
  async run(_, { log, services }) {
    const deleted = await services.jobs.operations.deleteDone();
    if (deleted > 0) log.info({ deleted }, 'old done jobs deleted');
  },
});

/** The jobs of the product itself. */
export const productJobs = [deleteDoneJobs, cleanUpFiles];
