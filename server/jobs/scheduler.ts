import { isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';
import type { RegisteredJob } from './define-job.ts';
import type { JobQueue } from './job-queue.ts';

export type Scheduler = { start(): void; stop(): Promise<void> };

/**
 * Enqueues jobs at the times of their schedules, each time once for all instances. After a downtime, the latest missed time
 * counts. It never throws.
 *
 * @param options.interval milliseconds between two looks
 * @param options.enqueued called for each job that this process has enqueued
 */
export function createScheduler(options: {
  jobs: readonly RegisteredJob[];
  queue: () => Promise<Pick<JobQueue, 'schedules' | 'enqueueDue'>>;
  log: Logger;
  interval: number;
  enqueued: (name: string) => void;
}): Scheduler {
  const scheduled = options.jobs.flatMap(({ name, schedule }) => (schedule ? [{ name, schedule }] : []));
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;

  async function enqueueAll(): Promise<void> {
    try {
      const queue = await options.queue();
      const { now, lastDue } = await queue.schedules();
      for (const { name, schedule } of scheduled) {
        const due = schedule.times.latest(now);
        const last = lastDue.get(name);
        if (last && last <= now && (!due || due <= last)) continue;
        if (await queue.enqueueDue({ name, input: schedule.input, due, last, now })) options.enqueued(name);
      }
    } catch (error) {
      // The storage logs its failures itself.
      if (!isAppError(error)) options.log.error({ err: error }, 'scheduled jobs could not be enqueued');
    }
  }

  function look(): void {
    round ??= outsideRequests(enqueueAll).finally(() => {
      round = undefined;
    });
  }

  return {
    start() {
      if (timer || scheduled.length === 0) return;
      timer = setInterval(look, options.interval).unref();
      look();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await round;
    },
  };
}
