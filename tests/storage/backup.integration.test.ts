import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { addresses, draft, openStorage, type StorageEnv, storageEnv } from '#tests/mail/support.ts';
import { type PostgresServer, requirePostgres, startPostgres } from '#tests/support/postgres.ts';
import { describeWith } from '#tests/support/skip.ts';

const page = readFileSync('docs/backups-and-upgrades.md', 'utf8');

/** Finds the documented command that starts with `start`. */
function documented(start: string): string {
  const command = page.split('\n').find((line) => line.startsWith(start));
  if (command === undefined) throw new Error(`The page documents no command ${start}`);
  return command;
}

function shell(command: string, options: { cwd?: string; env: Record<string, string> }): void {
  const { status, stderr } = spawnSync('sh', ['-c', command], {
    ...options,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

async function outboxAt(storage: StorageEnv): Promise<Outbox> {
  return createOutbox(await openStorage(storage), { siteUrl: addresses.siteUrl });
}

test('the SQLite backup works while a process writes, and a restored product reads the copy', async () => {
  const storage = await storageEnv(undefined);
  const outbox = await outboxAt(storage);
  const { id } = await outbox.enqueue(draft);

  const copy = join(storage.DATA_DIR, 'backup.sqlite');
  const command = documented('npm run backup').replace('backup.sqlite', copy);
  shell(command, { env: { DATA_DIR: storage.DATA_DIR } });
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  const { id: laterId } = await outbox.enqueue({ ...draft, subject: 'After the backup' });

  const restored = await storageEnv(undefined);
  await (await openStorage(restored)).close();
  const restore = documented('npm run restore').replace('backup.sqlite', copy);
  shell(restore, { env: { DATA_DIR: restored.DATA_DIR } });
  const reopened = await outboxAt(restored);
  expect(await reopened.get(id)).toMatchObject({ id, status: 'queued', subject: draft.subject });
  expect(await reopened.get(laterId)).toBeUndefined();
});

test('a backup replaces no file, and an unreadable source is named', async () => {
  const folder = dirname((await storageEnv(undefined)).DATA_DIR);
  const run = (file: string, dataDir: string) =>
    spawnSync(process.execPath, ['server/bin/backup.ts', file], {
      env: { ...process.env, DATA_DIR: dataDir },
      encoding: 'utf8',
    });
  const existing = run('package.json', folder);
  expect([existing.status, existing.stderr]).toEqual([2, expect.stringContaining('already exists')]);
  const missing = run(join(folder, 'copy.sqlite'), join(folder, 'nothing'));
  expect([missing.status, missing.stderr]).toEqual([1, expect.not.stringContaining('    at ')]);
});

describeWith('postgres')('PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres.close());

  test('the dump works while a process writes, and the restore replaces existing data', async () => {
    const storage = await storageEnv(postgres);
    const env = {
      PATH: `${requirePostgres()}:${process.env.PATH}`,
      DATABASE_URL: storage.DATABASE_URL ?? '',
    };
    const outbox = await outboxAt(storage);
    const { id } = await outbox.enqueue(draft);
    shell(documented('pg_dump'), { cwd: storage.DATA_DIR, env });
    await outbox.discard(id);
    const { id: laterId } = await outbox.enqueue({ ...draft, subject: 'After the backup' });

    shell(documented('pg_restore'), { cwd: storage.DATA_DIR, env });
    const reopened = await outboxAt(storage);
    expect(await reopened.claim()).toMatchObject({ id, subject: draft.subject });
    expect(await reopened.get(laterId)).toBeUndefined();
  });
});
