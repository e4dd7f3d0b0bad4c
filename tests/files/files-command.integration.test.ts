import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { uploads } from '#server/files/product-buckets.ts';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { exitOf, runNode } from '#tests/support/processes.ts';
import { png } from './pictures.ts';
import { addUser, incoming, testFiles } from './service.ts';

test('npm run files lists and deletes files beside a running instance', { timeout: 60_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-files-'));
  const db = await openSqlite(dataDir, createLogger({ level: 'silent' }));
  const files = testFiles(db, {}, dataDir);
  for (const id of ['ada', 'bob']) await addUser(db, id);
  const store = (userId: string, name: string) =>
    files.store(uploads, { userId, file: incoming(png, name), signal: new AbortController().signal });
  const first = await store('ada', 'first.png');
  await store('ada', 'second.png');
  const other = await store('bob', 'other.png');
  const command = (...args: string[]) =>
    exitOf(
      runNode(['--disable-warning=ExperimentalWarning', resolve('server/bin/files.ts'), ...args], {
        env: { DATA_DIR: dataDir, DATABASE_URL: '' },
      }),
    );

  const listed = await command('list', '--user', 'ada');
  expect(listed).toMatchObject({ code: 0 });
  expect(listed.output).toContain(`${first.id}  stored `);
  expect(listed.output).toContain('  uploads  ada  70  image/png  first.png');
  expect(listed.output).not.toContain(other.id);
  expect((await command('list')).output).toContain(other.id);

  expect((await command('remove', first.id)).output).toContain(`${first.id} is deleted.`);
  expect(await command('remove', first.id)).toMatchObject({ code: 2 });
  expect(await files.find(first.id)).toBeUndefined();
  expect((await command('remove-of', 'ada')).output).toContain('ada: 1 files are deleted.');
  expect((await files.list('ada', { limit: 10 })).files).toEqual([]);
  expect(files.contents()).toContain(other.id);
  expect(files.contents()).not.toContain(first.id);

  expect(await command('remove')).toMatchObject({ code: 2, output: expect.stringContaining('Usage:') });
  expect(await command('list', '--limit', '0')).toMatchObject({ code: 2 });
  await db.close();
});
