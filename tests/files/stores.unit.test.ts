import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { type S3Server, startS3 } from '#tests/support/s3.ts';
import { png, pngOf } from './pictures.ts';
import { addUser, contentOf, incoming, pictures, type TestFiles, testFiles } from './service.ts';

const start = 1_000_000_000;
const { signal } = new AbortController();
let s3: S3Server;
let now = start;
let dataDir: string;
let db: Database;

beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());
beforeEach(async () => {
  s3.intercept = undefined;
  now = start;
  dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-files-'));
  db = await openSqlite(dataDir, createLogger({ level: 'silent' }), () => now);
  await addUser(db, 'ada');
});
afterEach(async () => {
  await db.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const rows = () => db.queries.selectFrom('stored_file').selectAll().execute();
const store = (files: TestFiles) => files.store(pictures, { userId: 'ada', file: incoming(png), signal });

describe('an object storage that', () => {
  test.each([
    ['is down', (s: S3Server) => ({ ...s.env, BUCKETS_URL: 'http://127.0.0.1:9/files' }), undefined],
    [
      'responds with 500',
      (s: S3Server) => s.env,
      (_: unknown, response: ServerResponse) => {
        response.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
        return true;
      },
    ],
    ['knows another key', (s: S3Server) => ({ ...s.env, BUCKETS_SECRET_ACCESS_KEY: 'another' }), undefined],
  ] as const)('%s fails the upload, and the file is not listed', async (_, settings, intercept) => {
    const files = testFiles(db, settings(s3));
    s3.intercept = intercept;
    await expect(store(files)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    expect((await files.list('ada', { limit: 10 })).files).toEqual([]);
    expect(files.contents()).toEqual([]);
  });

  test('fails once gets the file by a second attempt', async () => {
    const files = testFiles(db, s3.env);
    let count = 0;
    s3.intercept = (request, response) => {
      count += 1;
      if (count > 1) return false;
      request.resume();
      request.once('end', () => response.writeHead(503).end());
      return true;
    };
    const stored = await store(files);
    expect(await contentOf(files, stored)).toEqual(png);
  });

  test('does not respond to a deletion loses the content later', async () => {
    const files = testFiles(db, s3.env);
    const stored = await store(files);
    s3.intercept = (_, response) => {
      response.writeHead(403).end();
      return true;
    };
    expect(await files.remove('ada', stored.id)).toBe(true);
    expect(await files.find(stored.id)).toBeUndefined();
    s3.intercept = undefined;
    now = start + 1;
    expect(await files.cleanUp(signal)).toBe(1);
    expect(await s3.keys()).not.toContain(`product/pictures/${stored.id}`);
  });
});

describe('a direct upload', () => {
  const declared = { name: 'picture.png', bytes: png.length, mediaType: 'image/png' };
  async function begin(files: TestFiles, file = declared) {
    const begun = await files.beginDirectUpload(pictures, { userId: 'ada', file });
    if (!begun) throw new Error('no direct upload');
    return begun;
  }
  const put = (request: { url: string; headers: Record<string, string> }, body: Uint8Array<ArrayBuffer>) =>
    fetch(request.url, { method: 'PUT', headers: request.headers, body });
  const complete = (files: TestFiles, id: string, userId = 'ada') =>
    files.completeDirectUpload({ userId, id, signal });

  test('is stored after it was checked, and cannot be replaced afterwards', async () => {
    const files = testFiles(db, s3.env);
    const { id, request } = await begin(files);
    expect(await complete(files, id)).toBeUndefined();
    expect((await put(request, new Uint8Array(png))).status).toBe(200);
    expect(await complete(files, id, 'bob')).toBeUndefined();
    const stored = await complete(files, id);
    expect(stored).toMatchObject({ id, name: 'picture.png', mediaType: 'image/png', bytes: png.length });
    await put(request, new Uint8Array(png.length));
    expect(await complete(files, id)).toBeUndefined();
    if (!stored) throw new Error('not stored');
    expect(await contentOf(files, stored)).toEqual(png);
  });

  test('has exactly the declared size and type', async () => {
    const files = testFiles(db, s3.env);
    const { request } = await begin(files);
    expect((await put(request, pngOf(png.length + 1))).status).toBe(403);
    expect(
      (await put({ ...request, headers: { 'content-type': 'text/html' } }, new Uint8Array(png))).status,
    ).toBe(403);
  });

  test('of another content than declared is deleted', async () => {
    const files = testFiles(db, s3.env);
    const html = new TextEncoder().encode('<!doctype html>');
    const { id, request } = await begin(files, { ...declared, bytes: html.length });
    expect((await put(request, html)).status).toBe(200);
    await expect(complete(files, id)).rejects.toMatchObject({ reason: 'unsupported_media_type' });
    expect(await rows()).toEqual([]);
    expect((await s3.keys()).filter((key) => key.includes(id))).toEqual([]);
  });

  test('that is not completed is deleted after an hour', async () => {
    const files = testFiles(db, s3.env);
    const { id, request } = await begin(files);
    await put(request, new Uint8Array(png));
    expect((await s3.keys()).filter((key) => key.includes(id))).toHaveLength(1);
    now = start + limits.files.unfinishedKeptFor + 1;
    expect(await files.cleanUp(signal)).toBe(1);
    expect((await s3.keys()).filter((key) => key.includes(id))).toEqual([]);
  });

  test('counts against the maximum number of files, and has limits of its own', async () => {
    const files = testFiles(db, s3.env);
    for (let index = 0; index < pictures.maxFiles; index += 1) await begin(files);
    await expect(begin(files)).rejects.toMatchObject({ reason: 'too_many_files' });
    await expect(begin(files, { ...declared, mediaType: 'text/html' })).rejects.toMatchObject({
      reason: 'unsupported_media_type',
    });
    await expect(begin(files, { ...declared, bytes: pictures.maxBytes + 1 })).rejects.toMatchObject({
      reason: 'payload_too_large',
    });
  });

  test('a presigned download has the headers of an attachment', async () => {
    const files = testFiles(db, s3.env);
    const stored = await store(files);
    const url = await files.downloadUrl(stored, {
      contentType: 'image/png',
      contentDisposition: 'attachment; filename="picture.png"',
    });
    const response = await fetch(url ?? '');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="picture.png"');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
    const changed = new URL(url ?? '');
    changed.searchParams.set('response-content-disposition', 'inline');
    expect((await fetch(changed)).status).toBe(403);
  });
});

describe('a folder', () => {
  test('links in place of the folders are not followed', async () => {
    const files = testFiles(db);
    const target = join(files.dataDir, 'elsewhere');
    mkdirSync(target);
    mkdirSync(join(files.dataDir, 'files'));
    symlinkSync(target, join(files.dataDir, 'files', 'pictures'));
    const storing = files.store(pictures, { userId: 'ada', file: incoming(png), signal });
    await expect(storing).rejects.toMatchObject({ reason: 'storage_unavailable' });
    expect(files.contents()).toEqual([]);
  });

  test('a link in place of a content is not followed', async () => {
    const files = testFiles(db);
    const stored = await files.store(pictures, { userId: 'ada', file: incoming(png), signal });
    const path = join(files.dataDir, 'files', 'pictures', stored.id);
    rmSync(path);
    symlinkSync('/etc/hostname', path);
    await expect(contentOf(files, stored)).rejects.toMatchObject({ reason: 'storage_unavailable' });
  });

  test('temporary files of ended processes are deleted after an hour', async () => {
    const files = testFiles(db);
    const folder = join(files.dataDir, 'files', '.incoming');
    mkdirSync(folder, { recursive: true });
    for (const name of ['old', 'new']) writeFileSync(join(folder, name), 'content');
    utimesSync(join(folder, 'old'), 0, 0);
    await files.cleanUp(signal);
    expect(files.contents()).toEqual(['new']);
  });
});
