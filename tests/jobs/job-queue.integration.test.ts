import { beforeEach, describe, expect, test } from 'vitest';
import { type ClaimedJob, createJobQueue, type JobQueue, type NewJob } from '#server/jobs/job-queue.ts';
import { jobStatuses } from '#server/jobs/tables.ts';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';

const start = 1_000_000_000;
const timing = { lease: 1_000, maxDelay: 10_000 };
const job: NewJob = { name: 'text', input: '{"text":"a"}', key: undefined, delay: 0 };
const names = ['text'];

onEachDatabase((database) => {
  let queue: JobQueue;
  beforeEach(() => {
    queue = createJobQueue(database().db, timing);
  });

  const at = (milliseconds: number) => database().setClock(start + milliseconds);

  async function claimDue(): Promise<ClaimedJob> {
    const claimed = await queue.claim(names);
    if (!claimed) throw new Error('No job was due.');
    return claimed;
  }

  const probes = () => database().db.queries.selectFrom('write_probe').select('id').execute();

  describe('a job is claimed', () => {
    test('with its input, its age and its trace', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const { id } = await currentTrace.run(parseTraceparent(traceparent), () => queue.enqueue(job));
      await at(2_500);
      const { row, age, crashedClaims } = await claimDue();
      expect(row).toMatchObject({ id, name: 'text', input: job.input, attempts: 1, traceparent });
      expect([age, crashedClaims]).toEqual([2_500, 0]);
    });

    test('once, and only by a process that knows its name', async () => {
      const { id } = await queue.enqueue(job);
      expect(await queue.claim(['other'])).toBeUndefined();
      expect(await queue.claim([])).toBeUndefined();
      expect((await queue.claim(['other', 'text']))?.row.id).toBe(id);
      expect(await queue.claim(names)).toBeUndefined();
    });

    test('when its delay is over, and not a millisecond earlier', async () => {
      await queue.enqueue({ ...job, delay: 5_000 });
      await at(4_999);
      expect(await queue.claim(names)).toBeUndefined();
      await at(5_000);
      await claimDue();
    });

    test('again when the lease of a process that died is over, and not a millisecond earlier', async () => {
      const { id } = await queue.enqueue(job);
      await claimDue();
      await at(timing.lease - 1);
      expect(await queue.claim(names)).toBeUndefined();
      await at(timing.lease);
      expect(await claimDue()).toMatchObject({ row: { id, attempts: 2 }, crashedClaims: 1 });
    });

    test('not while its lease is renewed', async () => {
      const { id } = await queue.enqueue(job);
      const { token } = await claimDue();
      await at(timing.lease - 1);
      expect(await queue.renew(id, token)).toBe(true);
      await at(2 * timing.lease - 2);
      expect(await queue.claim(names)).toBeUndefined();
      await at(2 * timing.lease - 1);
      await claimDue();
      expect(await queue.renew(id, token)).toBe(false);
    });

    test('by one of many processes that claim at the same time', async () => {
      for (let count = 0; count < 5; count += 1) await queue.enqueue(job);
      const claims = await Promise.all(Array.from({ length: 8 }, () => queue.claim(names)));
      const ids = claims.flatMap((claimed) => (claimed ? [claimed.row.id] : []));
      expect(new Set(ids).size).toBe(5);
      expect(ids).toHaveLength(5);
    });
  });

  describe('the outcome of a process that was overtaken', () => {
    test.each([
      ['complete', (id: string, token: string) => queue.complete(id, token)],
      ['dead', (id: string, token: string) => queue.markDead(id, token, 'late')],
      [
        'retried',
        (id: string, token: string) =>
          queue.retryLater(id, token, { delay: 0, lastError: 'late', countAttempt: true }),
      ],
    ])('is not stored: %s', async (_, record) => {
      const { id } = await queue.enqueue(job);
      const first = await claimDue();
      await at(timing.lease);
      const second = await claimDue();
      expect(await record(id, first.token)).toBe(false);
      expect(await queue.get(id)).toMatchObject({ status: 'running', lastError: null });
      expect(await queue.complete(id, second.token)).toBe(true);
      expect(await record(id, first.token)).toBe(false);
      expect(await queue.get(id)).toMatchObject({ status: 'done', lastError: null });
    });

    test('is not stored with statements of its own', async () => {
      const { id } = await queue.enqueue(job);
      const first = await claimDue();
      await at(timing.lease);
      const second = await claimDue();
      const write = (token: string) =>
        queue.completeWith(id, token, async (transaction) => {
          await transaction.insertInto('write_probe').values({ id: 7, filler: '' }).execute();
        });
      await expect(write(first.token)).rejects.toThrow('another process has taken the job over');
      expect(await probes()).toEqual([]);
      await write(second.token);
      expect(await probes()).toEqual([{ id: 7 }]);
      expect(await queue.get(id)).toMatchObject({ status: 'done' });
    });
  });

  test('a completion whose own statements fail does not complete the job', async () => {
    const { id } = await queue.enqueue(job);
    const { token } = await claimDue();
    const failing = queue.completeWith(id, token, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await queue.get(id)).toMatchObject({ status: 'running' });
  });

  test('a key belongs to one job of a name, also if two are enqueued at the same time', async () => {
    const keyed = { ...job, key: 'order-1' };
    const receipts = await Promise.all([queue.enqueue(keyed), queue.enqueue(keyed)]);
    expect(receipts.map(({ duplicate }) => duplicate).sort()).toEqual([false, true]);
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(1);
    expect(await queue.enqueue({ ...keyed, name: 'other' })).toMatchObject({ duplicate: false });
    expect(await queue.enqueue(job)).toMatchObject({ duplicate: false });
  });

  describe('a job that is part of a transaction', () => {
    const enqueueIn = (fails: boolean) =>
      database().db.transaction(async (transaction) => {
        await transaction.insertInto('write_probe').values({ id: 7, filler: '' }).execute();
        const receipt = await queue.enqueue(job, transaction);
        if (fails) throw new Error('changed its mind');
        return receipt;
      });

    test('is stored with its other statements', async () => {
      const { id } = await enqueueIn(false);
      expect((await claimDue()).row.id).toBe(id);
      expect(await probes()).toEqual([{ id: 7 }]);
    });

    test('is not stored if it is rolled back', async () => {
      await expect(enqueueIn(true)).rejects.toThrow('changed its mind');
      expect(await queue.claim(names)).toBeUndefined();
      expect(await probes()).toEqual([]);
    });
  });

  describe('the operator', () => {
    /** Returns the id of a new job in each status. */
    async function jobInEachStatus() {
      const ids = { queued: '', running: '', done: '', dead: '' };
      for (const status of jobStatuses.toReversed()) {
        ids[status] = (await queue.enqueue(job)).id;
        if (status === 'queued') continue;
        const { token } = await claimDue();
        if (status === 'done') await queue.complete(ids.done, token);
        if (status === 'dead') await queue.markDead(ids.dead, token, 'permanent: no');
      }
      return ids;
    }

    test('sees the jobs in a status, of a name, and their numbers', async () => {
      const ids = await jobInEachStatus();
      const { id: other } = await queue.enqueue({ ...job, name: 'other' });
      for (const status of jobStatuses)
        expect(await queue.list({ status, name: 'text', limit: 10 })).toMatchObject([
          { id: ids[status], name: 'text', status },
        ]);
      expect(await queue.list({ name: 'other', limit: 10 })).toMatchObject([{ id: other }]);
      expect(await queue.list({ limit: 2 })).toHaveLength(2);
      expect(await queue.counts()).toHaveLength(5);
      expect(await queue.get(ids.dead)).toMatchObject({
        status: 'dead',
        lastError: 'permanent: no',
        input: job.input,
        finishedAt: new Date(start),
        nextAttemptAt: null,
      });
    });

    test('can queue a dead or queued job again, from its first attempt, and no other', async () => {
      const ids = await jobInEachStatus();
      const requeued = { queued: false, running: false, done: false, dead: false };
      for (const status of jobStatuses) requeued[status] = await queue.requeue(ids[status]);
      expect(requeued).toEqual({ queued: true, running: false, done: false, dead: true });
      expect(await queue.get(ids.dead)).toMatchObject({ status: 'queued', attempts: 0, finishedAt: null });
    });

    test('can discard any job that is not running, with its key', async () => {
      const ids = await jobInEachStatus();
      const discarded = { queued: false, running: false, done: false, dead: false };
      for (const status of jobStatuses) discarded[status] = await queue.discard(ids[status]);
      expect(discarded).toEqual({ queued: true, running: false, done: true, dead: true });
      const { id } = await queue.enqueue({ ...job, key: 'once' });
      await queue.discard(id);
      expect(await queue.enqueue({ ...job, key: 'once' })).toMatchObject({ duplicate: false });
    });
  });

  test('old jobs that are done are deleted, and no others', async () => {
    const { id: done } = await queue.enqueue(job);
    await queue.complete(done, (await claimDue()).token);
    const { id: dead } = await queue.enqueue(job);
    await queue.markDead(dead, (await claimDue()).token, 'no');
    const { id: queued } = await queue.enqueue(job);
    await at(5_000);
    expect(await queue.deleteDone(5_000)).toBe(0);
    await at(5_001);
    expect(await queue.deleteDone(5_000)).toBe(1);
    expect((await queue.list({ limit: 10 })).map(({ id }) => id).sort()).toEqual([dead, queued].sort());
  });
});
