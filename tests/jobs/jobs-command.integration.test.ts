import { spawnSync } from 'node:child_process';
import { beforeEach, expect, test } from 'vitest';
import { createJobQueue } from '#server/jobs/job-queue.ts';
import { openStorage } from '#tests/support/databases.ts';
import { onEachStorage } from '#tests/support/each-database.ts';

const timing = { lease: 60_000, maxDelay: 60_000 };
const input = '{"text":"hello"}';

onEachStorage((storage) => {
  let dead: string;
  let running: string;

  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const { DATA_DIR, DATABASE_URL } = storage();
    return spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'server/bin/jobs.ts', ...args],
      {
        env: { ...process.env, DATA_DIR, ...(DATABASE_URL === undefined ? {} : { DATABASE_URL }) },
        encoding: 'utf8',
      },
    );
  }

  beforeEach(async () => {
    const db = await openStorage(storage());
    const queue = createJobQueue(db, timing);
    const enqueue = async (name: string) => {
      await queue.enqueue({ name, input, key: undefined, delay: 0 });
      const claimed = await queue.claim([name]);
      return { id: claimed?.row.id ?? '', token: claimed?.token ?? '' };
    };
    running = (await enqueue('report')).id;
    const failed = await enqueue('text');
    dead = failed.id;
    await queue.markDead(failed.id, failed.token, 'permanent: no');
    await db.close();
  });

  test('lists, shows, requeues and discards jobs', () => {
    const listed = run('list', '--status', 'dead');
    expect(listed).toMatchObject({ status: 0, stderr: '' });
    expect(listed.stdout).toMatch(new RegExp(`^${dead}  dead     \\S+  1  text  permanent: no\n`));
    expect(listed.stdout).toContain('report running 1, text dead 1');
    expect(run('list', '--name', 'report').stdout).toContain(`${running}  running`);
    expect(JSON.parse(run('show', dead).stdout)).toMatchObject({
      id: dead,
      input,
      lastError: 'permanent: no',
    });
    expect(run('requeue', dead).stdout).toBe(`${dead} is queued.\n`);
    const discarded = run('discard', dead, running);
    expect(discarded.status).toBe(2);
    expect(discarded.stderr).toContain(`${dead} is deleted.\nJob ${running} does not exist or is in a state`);
    expect(run('show', dead).status).toBe(2);
  });

  test('prints its usage for --help', () => {
    const { status, stdout } = run('--help');
    expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: npm run jobs')]);
  });

  test.each([
    [[]],
    [['list', '--status', 'lost']],
    [['list', '--limit', '0']],
    [['requeue']],
    [['list', '--no']],
  ])('rejects %j with its usage', (args) => {
    const { status, stderr } = run(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Usage: npm run jobs')]);
  });
});
