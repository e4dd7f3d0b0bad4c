import { AppError } from '#server/errors.ts';
import type { Jobs } from '#server/jobs/job-service.ts';

/** A storage of jobs in memory, which does not run them. While `isDown`, it stores nothing. */
export function fakeJobs() {
  const stored = new Map<string, unknown>();
  const state = { isDown: false };
  const jobs: Pick<Jobs, 'enqueue'> = {
    async enqueue(job, input, { key = '' } = {}) {
      if (state.isDown) throw new AppError('storage_unavailable');
      const id = `${job.name} ${key}`;
      const duplicate = stored.has(id);
      if (!duplicate) stored.set(id, JSON.parse(job.serialize(input)));
      return { id, duplicate };
    },
  };
  return { jobs, stored, state };
}
