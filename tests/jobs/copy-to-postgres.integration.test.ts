import { afterAll, beforeAll, expect } from 'vitest';
import { createJobQueue } from '#server/jobs/job-queue.ts';
import { jobTiming } from '#server/jobs/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { copyToPostgres } from '#server/storage/copy-to-postgres.ts';
import { openStorage, tempDir } from '#tests/support/databases.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { testWith } from '#tests/support/skip.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.close());

testWith('postgres')(
  'jobs and the times of schedules move to PostgreSQL, and a running job is queued there',
  async () => {
    const dataDir = tempDir();
    const url = await postgres.database();
    const source = await openStorage({ DATA_DIR: dataDir });
    const before = createJobQueue(source, jobTiming);
    const { id } = await before.enqueue({ name: 'text', input: '{}', key: 'once', delay: 0 });
    await before.claim(['text']);
    const now = new Date(5_000);
    await before.enqueueDue({ name: 'text', input: '{}', due: undefined, last: undefined, now });
    await source.close();

    await copyToPostgres({ dataDir, url, log: createLogger({ level: 'silent' }) });
    const after = createJobQueue(await openStorage({ DATA_DIR: dataDir, DATABASE_URL: url }), jobTiming);
    expect(await after.claim(['text'])).toMatchObject({ row: { id, attempts: 2 }, crashedClaims: 1 });
    expect((await after.schedules()).lastDue).toEqual(new Map([['text', now]]));
    const again = await after.enqueue({ name: 'text', input: '{}', key: 'once', delay: 0 });
    expect(again).toEqual({ id, duplicate: true });
  },
);
