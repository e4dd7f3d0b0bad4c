import { z } from 'zod';
import { defineJob } from '../jobs/define-job.ts';

/** Deletes what uploads and deletions that did not end have left behind, four times an hour. */
export const cleanUpFiles = defineJob({
  name: 'clean-up-files',
  input: z.strictObject({}),
  schedule: { cron: '*/15 * * * *', input: {} },
  async run(_, { log, services, signal }) {
    const deleted = await services.files.cleanUp(signal);
    if (deleted > 0) log.info({ deleted }, 'unfinished uploads and deleted files cleaned up');
  },
});
