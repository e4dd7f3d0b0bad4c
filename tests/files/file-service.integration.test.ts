import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';
import { type S3Server, startS3 } from '#tests/support/s3.ts';
import { png, pngOf } from './pictures.ts';
import { addUser, contentOf, incoming, pictures, type TestFiles, testFiles } from './service.ts';

const start = 1_000_000_000;
const { signal } = new AbortController();
let s3: S3Server;

beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());

onEachDatabase((database) => {
  beforeEach(async () => {
    s3.intercept = undefined;
    await addUser(database().db, 'ada');
    await addUser(database().db, 'bob');
  });
  const rows = () => database().db.queries.selectFrom('stored_file').selectAll().execute();
  const store = (files: TestFiles, content = png, userId = 'ada', name = 'picture.png') =>
    files.store(pictures, { userId, file: incoming(content, name), signal });

  describe.each(['a folder', 'an object storage'])('in %s', (kind) => {
    const settings = () => (kind === 'a folder' ? {} : s3.env);
    const contents = async (files: TestFiles) =>
      kind === 'a folder' ? files.contents() : (await s3.keys()).map((key) => key.split('/').at(-1) ?? '');

    test('a file is stored, found, listed, read and deleted', async () => {
      const files = testFiles(database().db, settings());
      const stored = await store(files);
      expect(stored).toMatchObject({
        bucket: 'pictures',
        userId: 'ada',
        name: 'picture.png',
        bytes: png.length,
      });
      expect(await files.find(stored.id)).toEqual(stored);
      expect(await files.list('ada', { limit: 10 })).toEqual({ files: [stored], nextCursor: null });
      expect(await files.list('bob', { limit: 10 })).toEqual({ files: [], nextCursor: null });
      expect(await contentOf(files, stored)).toEqual(png);
      expect(await contents(files)).toContain(stored.id);

      expect(await files.remove('bob', stored.id)).toBe(false);
      expect(await files.remove('ada', stored.id)).toBe(true);
      expect(await files.find(stored.id)).toBeUndefined();
      expect(await contents(files)).not.toContain(stored.id);
      expect(await rows()).toEqual([]);
    });

    test('a part of a file is read', async () => {
      const files = testFiles(database().db, settings());
      const stored = await store(files);
      const content = await files.read(stored, { range: { start: 1, end: 3 }, signal });
      expect((await content.toArray()).join('')).toBe('PNG');
    });

    test('a failed upload leaves nothing behind', async () => {
      const files = testFiles(database().db, settings());
      const before = await contents(files);
      const broken = (async function* () {
        yield png;
        throw new Error('cut off');
      })();
      await expect(
        files.store(pictures, { userId: 'ada', file: incoming(broken), signal }),
      ).rejects.toThrow();
      await expect(store(files, Buffer.from('<!doctype html>'))).rejects.toMatchObject({
        reason: 'unsupported_media_type',
      });
      await expect(store(files, Buffer.from(pngOf(pictures.maxBytes + 1)))).rejects.toMatchObject({
        reason: 'payload_too_large',
      });
      expect(await contents(files)).toEqual(before);
      expect(await rows()).toEqual([]);
    });

    test('a failure after the database has stored the file leaves nothing behind either', async () => {
      const { db } = database();
      let writes = 0;
      const losingOneAnswer: typeof db = {
        ...db,
        async write(run) {
          const result = await db.write(run);
          writes += 1;
          if (writes === 1) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
          return result;
        },
      };
      const files = testFiles(losingOneAnswer, settings());
      const before = await contents(files);
      await expect(store(files)).rejects.toThrow();
      expect(writes).toBeGreaterThan(1);
      expect(await rows()).toEqual([]);
      expect(await contents(files)).toEqual(before);
    });

    test('an upload whose client goes away is not a failure of the storage, and leaves nothing behind', async () => {
      const files = testFiles(database().db, settings());
      const before = await contents(files);
      const client = new AbortController();
      const chunks = (async function* () {
        yield png;
        client.abort();
        yield png;
      })();
      const upload = { userId: 'ada', file: incoming(chunks), signal: client.signal };
      await expect(files.store(pictures, upload)).rejects.toMatchObject({ reason: 'invalid_input' });
      expect(await contents(files)).toEqual(before);
      expect(await rows()).toEqual([]);
    });

    test('what an ended process left behind is deleted after an hour, and what is in progress is not', async () => {
      const { db, setClock } = database();
      const files = testFiles(db, settings());
      const { id } = await store(files);
      const orphan = await store(files);
      const kept = await store(files, png, 'bob');
      const setStatus = (fileId: string, status: 'storing' | 'deleted') =>
        db.write((queries) =>
          queries.updateTable('stored_file').set({ status }).where('id', '=', fileId).execute(),
        );
      await setStatus(orphan.id, 'storing');
      expect(await files.cleanUp(signal)).toBe(0);
      await setClock(start + limits.files.unfinishedKeptFor + 1);
      await setStatus(id, 'deleted');
      expect(await files.cleanUp(signal)).toBe(2);
      expect((await rows()).map((row) => row.id)).toEqual([kept.id]);
      const left = await contents(files);
      expect(left).toContain(kept.id);
      expect(left).not.toContain(id);
      expect(left).not.toContain(orphan.id);
    });
  });

  test('two uploads at once cannot exceed the maximum number of files', async () => {
    const files = testFiles(database().db);
    const uploads = await Promise.allSettled(Array.from({ length: 8 }, () => store(files)));
    expect(uploads.filter(({ status }) => status === 'fulfilled')).toHaveLength(pictures.maxFiles);
    expect(uploads.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { reason: 'too_many_files' },
    });
    await expect(store(files, png, 'bob')).resolves.toMatchObject({ userId: 'bob' });
  });

  test('a list is read part by part, the newest first', async () => {
    const { db, setClock } = database();
    const files = testFiles(db);
    for (const [index, name] of ['a.png', 'b.png', 'c.png'].entries()) {
      // Two files have the same time.
      await setClock(start + Math.min(index, 1));
      await store(files, png, 'ada', name);
    }
    const first = await files.list('ada', { limit: 2 });
    const second = await files.list('ada', { limit: 2, cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ files: [{ name: 'a.png' }], nextCursor: null });
    expect(first.files.map(({ name }) => name).sort()).toEqual(['b.png', 'c.png']);
  });
});
