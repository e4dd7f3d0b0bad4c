import { expect, test, vi } from 'vitest';
import { createJobQueue } from '#server/jobs/job-queue.ts';
import { createScheduler } from '#server/jobs/scheduler.ts';
import { createLogger } from '#server/observability/log.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';
import { testJobs, textJob } from './support.ts';

/** 1970-01-12, 13:46:40 UTC. */
const start = 1_000_000_000;
const minute = 60_000;
const untilHour = 13 * minute + 20_000;

const hourly = textJob(async () => undefined, {
  name: 'hourly',
  schedule: { cron: '0 * * * *', input: { text: 'on the hour' } },
});

onEachDatabase((database) => {
  const at = (milliseconds: number) => database().setClock(start + milliseconds);
  const queue = () => createJobQueue(database().db, { lease: 1_000, maxDelay: 10_000 });
  const keys = async () => {
    const jobs = await queue().list({ limit: 100 });
    return (await Promise.all(jobs.map(({ id }) => queue().get(id)))).map((job) => job?.key).sort();
  };

  /** Makes several instances look at the schedule at the same time. @returns how often they enqueued */
  async function look(instances = 1): Promise<number> {
    let enqueued = 0;
    const schedulers = Array.from({ length: instances }, () =>
      createScheduler({
        jobs: [hourly],
        queue: async () => queue(),
        log: createLogger({ level: 'silent' }),
        interval: 60_000,
        enqueued: () => {
          enqueued += 1;
        },
      }),
    );
    for (const scheduler of schedulers) scheduler.start();
    await Promise.all(schedulers.map((scheduler) => scheduler.stop()));
    return enqueued;
  }

  test('a new schedule begins with its next time, to the millisecond', async () => {
    expect(await look()).toBe(0);
    await at(untilHour - 1);
    expect(await look()).toBe(0);
    await at(untilHour);
    expect(await look()).toBe(1);
    expect(await keys()).toEqual(['schedule 1970-01-12T14:00:00.000Z']);
    const claimed = await queue().claim(['hourly']);
    expect(claimed?.row.input).toBe('{"text":"on the hour"}');
  });

  test('several instances enqueue a time once, and also the first look is once', async () => {
    expect(await look(4)).toBe(0);
    for (const hour of [0, 1, 2]) {
      await at(untilHour + hour * 60 * minute);
      expect(await look(4)).toBe(1);
      expect(await look(4)).toBe(0);
    }
    expect(await keys()).toHaveLength(3);
  });

  test('after a downtime, only the latest missed time counts', async () => {
    await look();
    await at(untilHour + 5 * 60 * minute + 1);
    expect(await look()).toBe(1);
    expect(await keys()).toEqual(['schedule 1970-01-12T19:00:00.000Z']);
  });

  test('a time whose job was deleted since does not come again', async () => {
    await look();
    await at(untilHour);
    await look();
    const [job] = await queue().list({ limit: 1 });
    await queue().discard(job?.id ?? '');
    expect(await look()).toBe(0);
    expect(await keys()).toEqual([]);
  });

  test('a clock that was set back repeats no time, and the schedule goes on', async () => {
    await look();
    await at(untilHour + 2 * 60 * minute);
    expect(await look()).toBe(1);
    await at(untilHour + 60 * minute + 1);
    expect(await look()).toBe(0);
    await at(untilHour + 2 * 60 * minute);
    expect(await look()).toBe(0);
    await at(untilHour + 3 * 60 * minute);
    expect(await look()).toBe(1);
    expect(await keys()).toHaveLength(2);
  });

  test('a running service enqueues and runs a job at its time', async () => {
    const ran = vi.fn(async () => undefined);
    const job = textJob(ran, { schedule: { cron: '0 * * * *', input: { text: 'now' } } });
    await look();
    const { jobs } = testJobs(database().db, [job], { scheduleInterval: 5 });
    jobs.start();
    const noted = () => database().db.queries.selectFrom('job_schedule').select('name').execute();
    await vi.waitFor(async () => expect(await noted()).toContainEqual({ name: 'text' }));
    await at(untilHour);
    await vi.waitFor(() => expect(ran).toHaveBeenCalledOnce(), { timeout: 10_000 });
    expect(ran).toHaveBeenCalledWith({ text: 'now' }, expect.anything());
  });
});

test.each([
  ['every day', 'UTC'],
  ['* * * * * *', 'UTC'],
  ['0 0 31 2 *', 'UTC'],
  ['0 3 * * *', 'Nowhere/Town'],
])('the schedule %s in %s is not valid', (cron, timeZone) => {
  const declare = () => textJob(async () => undefined, { schedule: { cron, timeZone, input: { text: '' } } });
  expect(declare).toThrow();
});

test('a schedule follows the clock of its time zone', () => {
  const { schedule } = textJob(async () => undefined, {
    schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin', input: { text: '' } },
  });
  const latest = (now: string) => schedule?.times.latest(new Date(now))?.toISOString();
  expect(latest('2026-03-28T12:00Z')).toBe('2026-03-28T01:30:00.000Z');
  // 02:30 does not exist on this day.
  expect(latest('2026-03-29T12:00Z')).toBe('2026-03-29T01:00:00.000Z');
  // 02:30 is there twice.
  expect(latest('2026-10-25T12:00Z')).toBe('2026-10-25T00:30:00.000Z');
});
