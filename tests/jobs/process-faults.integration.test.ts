import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createJobQueue, type JobQueue } from '#server/jobs/job-queue.ts';
import { openStorage } from '#tests/support/databases.ts';
import { onEachStorage } from '#tests/support/each-database.ts';

const timing = { lease: 1_000, maxDelay: 60_000 };

/** A process that runs jobs as the product does. Each run writes a line, waits for the given time, and completes. */
const script = `
  import { setTimeout as delay } from 'node:timers/promises';
  import { z } from 'zod';
  import { defineJob } from '#server/jobs/define-job.ts';
  import { createJobs } from '#server/jobs/job-service.ts';
  import { jobTiming } from '#server/jobs/timing.ts';
  import { createLogger } from '#server/observability/log.ts';
  import { createLazyDatabase } from '#server/storage/lazy-database.ts';
  const { env, timing } = JSON.parse(process.argv[1]);
  const log = createLogger({ level: 'silent' });
  const job = defineJob({
    name: 'wait',
    input: z.strictObject({ milliseconds: z.int(), row: z.int() }),
    async run({ milliseconds, row }, { attempt, complete }) {
      process.stdout.write('attempt ' + attempt + '\\n');
      await delay(milliseconds);
      await complete(async (transaction) => {
        await transaction.insertInto('write_probe').values({ id: row, filler: '' }).execute();
      });
    },
  });
  const database = createLazyDatabase({ env, log });
  const jobs = createJobs({ jobs: [job], log, database, services: () => undefined,
    timing: { ...jobTiming, pollInterval: 20, concurrency: 1, ...timing } });
  process.once('SIGTERM', async () => {
    await jobs.pause();
    await database.close();
    process.exit(0);
  });
  jobs.start();
  // The timers of the runner do not keep the process alive; in the product, the server does.
  setInterval(() => undefined, 60_000);`;

onEachStorage((storage) => {
  /** Starts a process. @returns it, and the lines that it has written */
  function start(): { child: ChildProcess; lines: string[] } {
    const settings = JSON.stringify({ env: storage(), timing });
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    return { child, lines };
  }

  const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

  async function enqueue(
    milliseconds: number,
  ): Promise<{ id: string; queue: JobQueue; rows(): Promise<unknown> }> {
    const db = await openStorage(storage());
    const queue = createJobQueue(db, timing);
    const input = JSON.stringify({ milliseconds, row: 5 });
    const { id } = await queue.enqueue({ name: 'wait', input, key: undefined, delay: 0 });
    return { id, queue, rows: () => db.queries.selectFrom('write_probe').select('id').execute() };
  }

  test('killed between claim and completion: the job runs again after its lease, and its rows are stored once', async () => {
    const { id, queue, rows } = await enqueue(300);
    const first = start();
    await eventually(() => expect(first.lines).toEqual(['attempt 1']));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(await queue.get(id)).toMatchObject({ status: 'running' });
    const second = start();
    await eventually(async () => expect(await queue.get(id)).toMatchObject({ status: 'done', attempts: 2 }));
    expect(second.lines).toEqual(['attempt 2']);
    expect(await rows()).toEqual([{ id: 5 }]);
  });

  test('stopped and overtaken: the stopped process writes nothing when it goes on', async () => {
    const { id, queue, rows } = await enqueue(300);
    const stopped = start();
    await eventually(() => expect(stopped.lines).toEqual(['attempt 1']));
    stopped.child.kill('SIGSTOP');
    const other = start();
    await eventually(() => expect(other.lines).toEqual(['attempt 2']));
    await eventually(async () => expect(await queue.get(id)).toMatchObject({ status: 'done', attempts: 2 }));
    const before = await queue.get(id);
    stopped.child.kill('SIGCONT');
    // It ends once its run has an outcome.
    stopped.child.kill('SIGTERM');
    expect(await once(stopped.child, 'exit')).toEqual([0, null]);
    expect(await queue.get(id)).toEqual(before);
    expect(await rows()).toEqual([{ id: 5 }]);
  });

  test('SIGTERM: the running job is completed before the process exits', async () => {
    const { id, queue } = await enqueue(300);
    const { child, lines } = start();
    await eventually(() => expect(lines).toEqual(['attempt 1']));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await queue.get(id)).toMatchObject({ status: 'done', attempts: 1 });
  });
});
