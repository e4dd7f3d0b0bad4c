import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { defineJob } from '#server/jobs/define-job.ts';
import { JobError } from '#server/jobs/job-error.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';
import { testJobs, textJob } from './support.ts';

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

onEachDatabase((database) => {
  test('a job runs with its input after it was enqueued', async () => {
    const texts: string[] = [];
    const job = textJob(async ({ text }, { attempt }) => void texts.push(`${text} ${attempt}`));
    const { jobs, events, lines } = testJobs(database().db, [job]);
    jobs.start();
    const { id, duplicate } = await jobs.enqueue(job, { text: 'hello' });
    expect(duplicate).toBe(false);
    await eventually(async () => expect(await jobs.operations.get(id)).toMatchObject({ status: 'done' }));
    expect(texts).toEqual(['hello 1']);
    expect(events).toEqual(['text accepted', 'text done']);
    expect(lines).toMatchObject([{ msg: 'job done', jobId: id, job: 'text', attempt: 1 }]);
  });

  test('a job of a transaction runs after the commit, at once', async () => {
    const ran = Promise.withResolvers<string>();
    const job = textJob(async ({ text }) => ran.resolve(text));
    const { db } = database();
    const { jobs, events } = testJobs(db, [job], { pollInterval: 60_000 });
    jobs.start();
    await db.transaction(async (within) => {
      await jobs.enqueue(job, { text: 'first' }, { within });
      expect(events).toEqual([]);
    });
    expect(await ran.promise).toBe('first');
  });

  test('a run can complete its job together with statements of its own', async () => {
    const { db } = database();
    const job = textJob(async (_, { complete }) =>
      complete(async (transaction) => {
        await transaction.insertInto('write_probe').values({ id: 3, filler: '' }).execute();
      }),
    );
    const { jobs, events } = testJobs(db, [job]);
    jobs.start();
    const { id } = await jobs.enqueue(job, { text: '' });
    await eventually(async () => expect(await jobs.operations.get(id)).toMatchObject({ status: 'done' }));
    expect(await db.queries.selectFrom('write_probe').select('id').execute()).toEqual([{ id: 3 }]);
    await eventually(() => expect(events).toContain('text done'));
  });

  test('several jobs run at a time, and no more than the limit', async () => {
    let running = 0;
    let most = 0;
    const go = Promise.withResolvers<void>();
    const job = textJob(async () => {
      running += 1;
      most = Math.max(most, running);
      await go.promise;
      running -= 1;
    });
    const { jobs } = testJobs(database().db, [job], { concurrency: 3 });
    for (let count = 0; count < 6; count += 1) await jobs.enqueue(job, { text: '' });
    jobs.start();
    await eventually(() => expect(running).toBe(3));
    go.resolve();
    await eventually(async () =>
      expect(await jobs.operations.counts()).toEqual([{ name: 'text', status: 'done', count: 6 }]),
    );
    expect(most).toBe(3);
  });

  test('a stored input that no longer has the schema is kept as a dead job, and runs after a requeue', async () => {
    const { db } = database();
    const earlier = textJob(async () => undefined);
    const { id } = await testJobs(db, [earlier]).jobs.enqueue(earlier, { text: 'a' });

    const texts: number[] = [];
    const changed = defineJob({
      name: 'text',
      input: z.strictObject({ length: z.int() }),
      run: async ({ length }) => void texts.push(length),
    });
    const after = testJobs(db, [changed]);
    after.jobs.start();
    await eventually(async () =>
      expect(await after.jobs.operations.get(id)).toMatchObject({
        status: 'dead',
        attempts: 1,
        input: '{"text":"a"}',
        lastError: 'permanent: the input does not have the schema of the job',
      }),
    );
    await after.jobs.pause();

    const rolledBack = textJob(async ({ text }) => void texts.push(text.length));
    const before = testJobs(db, [rolledBack]);
    before.jobs.start();
    expect(await before.jobs.operations.requeue(id)).toBe(true);
    await eventually(() => expect(texts).toEqual([1]));
  });

  test('a job that this version does not have stays queued', async () => {
    const { db } = database();
    const known = textJob(async () => undefined);
    const unknown = textJob(async () => undefined, { name: 'of-a-later-version' });
    const { id } = await testJobs(db, [unknown]).jobs.enqueue(unknown, { text: '' });
    const { jobs, events } = testJobs(db, [known]);
    jobs.start();
    await jobs.enqueue(known, { text: '' });
    await eventually(() => expect(events).toContain('text done'));
    expect(await jobs.operations.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
  });

  test('while what a job needs is unavailable, its jobs pause without counting attempts, and others run', async () => {
    let isDown = true;
    const calls: string[] = [];
    const needy = textJob(
      async ({ text }) => {
        calls.push(text);
        if (isDown) throw new JobError('unavailable', 'the printer is off');
      },
      { name: 'needy', retry: { base: 60_000, factor: 1, cap: 60_000 } },
    );
    const job = textJob(async () => undefined);
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const { jobs, events } = testJobs(database().db, [needy, job], { concurrency: 1 });
    const { id } = await jobs.enqueue(needy, { text: 'a' });
    await jobs.enqueue(needy, { text: 'b' });
    await jobs.enqueue(job, { text: 'c' });
    jobs.start();
    await eventually(() => expect(events).toContain('text done'));
    expect(calls).toEqual(['a']);
    expect(await jobs.operations.get(id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      lastError: 'unavailable: the printer is off',
    });
    isDown = false;
    vi.restoreAllMocks();
  });

  test('a pause interrupts a run after its grace, and the job is attempted again without counting', async () => {
    const started = Promise.withResolvers<void>();
    const job = textJob(async (_, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const { jobs } = testJobs(database().db, [job], { stopGrace: 10 });
    jobs.start();
    const { id } = await jobs.enqueue(job, { text: '' });
    await started.promise;
    await jobs.pause();
    expect(await jobs.operations.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
  });

  test('a pause waits for a run that ends in time', async () => {
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const job = textJob(async () => {
      started.resolve();
      await go.promise;
    });
    const { jobs } = testJobs(database().db, [job]);
    jobs.start();
    const { id } = await jobs.enqueue(job, { text: '' });
    await started.promise;
    const paused = jobs.pause();
    go.resolve();
    await paused;
    expect(await jobs.operations.get(id)).toMatchObject({ status: 'done', attempts: 1 });
  });
});

describe('a declaration', () => {
  test.each(['Upper', 'with space', '', 'a--b', 'x'.repeat(101)])('rejects the name %s', (name) => {
    expect(() => textJob(async () => undefined, { name })).toThrow();
  });

  test('rejects delays and timeouts that are not valid', () => {
    const { maxDelay, maxTimeout } = limits.jobs;
    expect(() => textJob(async () => undefined, { retry: { cap: maxDelay + 1 } })).toThrow();
    expect(() => textJob(async () => undefined, { retry: { attempts: 0 } })).toThrow();
    expect(() => textJob(async () => undefined, { timeout: maxTimeout + 1 })).toThrow();
  });

  test('rejects an input that changes when it becomes JSON', () => {
    const job = defineJob({ name: 'at', input: z.date(), run: async () => undefined });
    expect(() => job.serialize(new Date(0))).toThrow();
    const coercing = defineJob({ name: 'at', input: z.coerce.date(), run: async () => undefined });
    expect(coercing.serialize(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  });

  test('has the type of its input', () => {
    const job = textJob(async () => undefined);
    expectTypeOf(job.serialize).parameter(0).toEqualTypeOf<{ text: string }>();
  });
});
