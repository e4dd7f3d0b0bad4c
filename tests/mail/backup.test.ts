import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { type PostgresServer, requirePostgres, startPostgres } from '#tests/support/postgres.ts';
import { describeWith } from '#tests/support/skip.ts';
import { addresses, draft, openStorage, type StorageEnv, storageEnv } from './support.ts';

const page = readFileSync('docs/backups-and-upgrades.md', 'utf8');

/** The command of the page that begins so. */
function documented(start: string): string {
  const found = page.split('\n').find((line) => line.startsWith(start));
  if (found === undefined) throw new Error(`The page does not say how to ${start}`);
  return found;
}

function shell(command: string, options: { cwd?: string; env: Record<string, string> }): void {
  const { status, stderr } = spawnSync('sh', ['-c', command], {
    ...options,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

async function outboxAt(place: StorageEnv): Promise<Outbox> {
  return createOutbox(await openStorage(place), { siteUrl: addresses.siteUrl });
}

test('SQLite is copied while a process writes to it, and the copy is what a restored product reads', async () => {
  const place = await storageEnv(undefined);
  const outbox = await outboxAt(place);
  const { id } = await outbox.enqueue(draft);

  const command = documented('node -e').replace('.data', place.DATA_DIR);
  const copy = join(place.DATA_DIR, 'backup.sqlite');
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  shell(command.replace("'backup.sqlite'", `'${copy}'`), { env: { PATH: path } });
  const { id: after } = await outbox.enqueue({ ...draft, subject: 'After the backup' });

  const restored = await storageEnv(undefined);
  cpSync(copy, join(restored.DATA_DIR, 'typed-bff.sqlite'));
  const again = await outboxAt(restored);
  expect(await again.get(id)).toMatchObject({ id, status: 'queued', subject: draft.subject });
  expect(await again.get(after)).toBeUndefined();
});

describeWith('postgres')('PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 30_000);
  afterAll(() => postgres.close());

  test('is dumped while a process writes to it, and restored over what was there', async () => {
    const place = await storageEnv(postgres);
    const env = {
      PATH: `${requirePostgres()}:${process.env.PATH}`,
      DATABASE_URL: place.DATABASE_URL ?? '',
    };
    const outbox = await outboxAt(place);
    const { id } = await outbox.enqueue(draft);
    shell(documented('pg_dump'), { cwd: place.DATA_DIR, env });
    await outbox.discard(id);
    const { id: after } = await outbox.enqueue({ ...draft, subject: 'After the backup' });

    shell(documented('pg_restore'), { cwd: place.DATA_DIR, env });
    const again = await outboxAt(place);
    expect(await again.claim()).toMatchObject({ id, subject: draft.subject });
    expect(await again.get(after)).toBeUndefined();
  });
});
