import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount, mountSmallDisk } from '#tests/support/small-disk.ts';
import { png } from './pictures.ts';
import { addUser, incoming, pictures, testFiles } from './service.ts';

const { signal } = new AbortController();

/** Most containers do not let root mount disks. */
const testOnDisk = has('root') && !canMount() ? test.skip : testWith('root');

/** Files on a disk that has room for a few, and their database on another one. */
async function onSmallDisk() {
  const disk = mountSmallDisk(65);
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-files-'));
  const db = await openSqlite(folder, createLogger({ level: 'silent' }));
  onTestFinished(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
    disk.close();
  });
  await addUser(db, 'ada');
  const files = testFiles(db, {}, join(disk.path, 'data'));
  const store = (content: Uint8Array | AsyncIterable<Uint8Array>) =>
    files.store(pictures, { userId: 'ada', file: incoming(content), signal });
  return { disk, db, files, store };
}

testOnDisk('an upload leaves space free on the disk', async () => {
  const { disk, files, store } = await onSmallDisk();
  await expect(store(png)).resolves.toMatchObject({ name: 'picture.png' });
  const contents = files.contents();
  disk.fill();
  disk.free(1024 * 1024);
  await expect(store(png)).rejects.toMatchObject({ reason: 'storage_unavailable', httpStatus: 503 });
  expect(files.contents()).toEqual(contents);
  disk.free();
  await expect(store(png)).resolves.toMatchObject({ name: 'picture.png' });
});

testOnDisk('a disk that becomes full during an upload fails it, and nothing is left behind', async () => {
  const { disk, db, files, store } = await onSmallDisk();
  const filling = (async function* () {
    yield png;
    disk.fill();
    yield new Uint8Array(64 * 1024);
  })();
  await expect(store(filling)).rejects.toMatchObject({ reason: 'storage_unavailable' });
  expect(files.contents()).toEqual([]);
  expect(await db.queries.selectFrom('stored_file').selectAll().execute()).toEqual([]);
});
