import { createHash } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { uploads } from '#server/files/product-buckets.ts';
import { services } from '#server/services.ts';
import type { TestBrowser } from '#tests/identity/browser.ts';
import { forgetSessions, newBrowser, siteUrl, withIdentity } from '#tests/identity/in-process.ts';
import { png, pngOf } from './pictures.ts';
import { contentsIn, formOf, upload, uploadResult } from './support.ts';

const identity = withIdentity();
let ada: TestBrowser;
let bob: TestBrowser;

beforeAll(async () => {
  ada = newBrowser();
  bob = newBrowser();
  await ada.signIn('ada');
  await bob.signIn('bob');
});
beforeEach(async () => {
  const { write } = await identity.database();
  await write((queries) => queries.deleteFrom('stored_file').execute());
});

const stored = async () => {
  const { queries } = await identity.database();
  return queries.selectFrom('stored_file').selectAll().execute();
};
const stream = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise(setImmediate);
      const chunk = chunks.shift();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
const octets = { 'content-type': 'application/octet-stream' };

describe('an upload is stored and served', () => {
  test('as a form', async () => {
    const { status, file } = await upload(ada, formOf(png, 'holiday.png'));
    expect({ status, file }).toMatchObject({
      status: 200,
      file: {
        name: 'holiday.png',
        mediaType: 'image/png',
        bytes: png.byteLength,
        sha256: createHash('sha256').update(png).digest('hex'),
        createdAt: expect.any(Date),
        url: `/api/files/${file?.id}/holiday.png`,
      },
    });
    const response = await ada.request(file?.url ?? '');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
  });

  test('as bytes with a name, of a length that is not known before', async () => {
    const { file } = await upload(ada, stream(png.subarray(0, 20), png.subarray(20)), {
      ...octets,
      'x-file-name': encodeURIComponent('Fête 東京.png'),
    });
    expect(file).toMatchObject({ name: 'Fête 東京.png', mediaType: 'image/png', bytes: png.byteLength });
    const response = await ada.request(file?.url ?? '');
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="F_te __.png"; filename*=UTF-8''F%C3%AAte%20%E6%9D%B1%E4%BA%AC.png`,
    );
  });

  test('as bytes with a name that is long once it is encoded', async () => {
    const headers = { ...octets, 'x-file-name': encodeURIComponent(`${'東'.repeat(200)}.png`) };
    expect((await upload(ada, png, headers)).file?.name).toMatch(/^東+\.png$/);
  });

  test('as bytes without a name', async () => {
    expect((await upload(ada, png, octets)).file).toMatchObject({ name: 'file.png' });
  });

  test('of exactly the maximum size', async () => {
    const { status, file } = await upload(ada, formOf(pngOf(uploads.maxBytes)));
    expect({ status, bytes: file?.bytes }).toEqual({ status: 200, bytes: uploads.maxBytes });
    await services().files.remove((await stored())[0]?.user_id ?? '', file?.id ?? '');
  });
});

describe('an upload is rejected, and leaves nothing behind', () => {
  const tooLarge = pngOf(uploads.maxBytes + 1);

  test.each([
    ['one byte too large as a form', () => formOf(tooLarge), {}, 413, 'payload_too_large'],
    ['one byte too large as bytes', () => tooLarge, octets, 413, 'payload_too_large'],
    ['one byte too large as a stream', () => stream(tooLarge), octets, 413, 'payload_too_large'],
    ['empty as a form', () => formOf(''), {}, 400, 'invalid_input'],
    ['empty as bytes', () => stream(), octets, 400, 'invalid_input'],
    [
      'HTML declared as a picture',
      () => formOf('<!doctype html><script>1</script>'),
      {},
      415,
      'unsupported_media_type',
    ],
    [
      'an SVG picture',
      () =>
        formOf('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 'a.svg', 'image/svg+xml'),
      {},
      415,
      'unsupported_media_type',
    ],
    ['a program', () => formOf(Buffer.from('7f454c4602010100', 'hex')), {}, 415, 'unsupported_media_type'],
    [
      'JSON',
      () => '{"json":{"file":"a"}}',
      { 'content-type': 'application/json' },
      415,
      'unsupported_media_type',
    ],
    ['of a type in other words', () => png, { 'content-type': 'image/png' }, 415, 'unsupported_media_type'],
    ['compressed', () => png, { ...octets, 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    [
      'a name that is not percent-encoded',
      () => png,
      { ...octets, 'x-file-name': '%' },
      400,
      'invalid_input',
    ],
    [
      'a name of 10,000 characters',
      () => png,
      { ...octets, 'x-file-name': 'a'.repeat(10_000) },
      400,
      'invalid_input',
    ],
    ['a form without a boundary', () => png, { 'content-type': 'multipart/form-data' }, 400, 'invalid_input'],
  ])('%s', async (_, body, headers, status, reason) => {
    const before = contentsIn(services().env.DATA_DIR);
    expect(await upload(ada, body(), headers)).toMatchObject({ status, reason });
    expect(await stored()).toEqual([]);
    expect(contentsIn(services().env.DATA_DIR)).toEqual(before);
  });

  test('a name that is not percent-encoded, which the message says', async () => {
    expect(await upload(ada, png, { ...octets, 'x-file-name': '%' })).toMatchObject({
      message: 'x-file-name is not percent-encoded UTF-8.',
    });
  });

  test('two files', async () => {
    const form = formOf(png);
    form.append('file', new File([png], 'second.png'));
    expect(await upload(ada, form)).toMatchObject({ status: 400, message: 'Send one file.' });
    expect(await stored()).toEqual([]);
  });

  test('a file in another field', async () => {
    const form = new FormData();
    form.append('picture', new File([png], 'a.png'));
    expect(await upload(ada, form)).toMatchObject({
      status: 400,
      fieldErrors: { picture: ['This field is not known.'] },
    });
  });

  test('cut off by its client', async () => {
    const before = contentsIn(services().env.DATA_DIR);
    let isFirst = true;
    const broken = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (!isFirst) return controller.error(new Error('the client disconnected'));
          isFirst = false;
          controller.enqueue(png.subarray(0, 10));
        },
      },
      { highWaterMark: 0 },
    );
    expect(await upload(ada, broken, octets)).toMatchObject({ status: 400, reason: 'invalid_input' });
    expect(await stored()).toEqual([]);
    expect(contentsIn(services().env.DATA_DIR)).toEqual(before);
  });

  test('in a batch', async () => {
    const response = await ada.request('/api/trpc/file.upload,file.upload?batch=1', {
      method: 'POST',
      body: formOf(png),
    });
    expect(await response.json()).toMatchObject({
      error: { json: { data: { reason: 'unsupported_media_type' } } },
    });
  });

  test('by GET', async () => {
    expect((await ada.request('/api/trpc/file.upload')).status).toBe(405);
  });
});

describe('only a signed-in user of this site can upload', () => {
  test('a visitor is rejected before the body is read', async () => {
    let wasRead = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          wasRead = true;
          controller.enqueue(png);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect(await upload(newBrowser(), body, octets)).toMatchObject({
      status: 401,
      reason: 'sign_in_required',
    });
    expect(wasRead).toBe(false);
  });

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ])('a page elsewhere is rejected by %j', async (headers) => {
    expect(await upload(ada, formOf(png), headers)).toMatchObject({ status: 403, reason: 'cross_origin' });
    expect(await upload(ada, png, { ...octets, ...headers })).toMatchObject({ reason: 'cross_origin' });
    expect(await stored()).toEqual([]);
  });

  test('a page of this site may', async () => {
    const headers = { origin: siteUrl, 'sec-fetch-site': 'same-origin' };
    expect(await upload(ada, formOf(png), headers)).toMatchObject({ status: 200 });
  });

  test('a session that ends during the upload ends it', async () => {
    const grace = newBrowser();
    await grace.signIn('grace');
    let isFirst = true;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (!isFirst) return controller.close();
          isFirst = false;
          controller.enqueue(png);
          const { write } = await identity.database();
          await write((queries) =>
            queries
              .updateTable('user_session')
              .set({ ended_at: 1, ended_why: 'signed_out' })
              .where('user_id', 'in', (select) =>
                select.selectFrom('user_account').select('id').where('email', 'like', 'grace@%'),
              )
              .execute(),
          );
          forgetSessions();
        },
      },
      { highWaterMark: 0 },
    );
    expect(await upload(grace, body, octets)).toMatchObject({ status: 401, reason: 'session_ended' });
    expect(await stored()).toEqual([]);
  });
});

test('a user has at most the maximum number of files, also with uploads at once', async () => {
  const before = limits.files.uploadsPerClient;
  const { write } = await identity.database();
  const { file } = await upload(ada, formOf(png));
  const [row] = await stored();
  if (!row) throw new Error('the file is not stored');
  for (let index = 3; index < uploads.maxFiles; index += 1) {
    await write((queries) =>
      queries
        .insertInto('stored_file')
        .values({ ...row, id: crypto.randomUUID() })
        .execute(),
    );
  }
  const results = await Promise.all(Array.from({ length: before }, () => upload(ada, formOf(png))));
  expect(results.map(({ status }) => status).sort()).toEqual([200, 200, 409, 409]);
  expect(results.find(({ status }) => status === 409)).toMatchObject({ reason: 'too_many_files' });
  expect((await ada.call('file.remove', { id: file?.id })).status).toBe(200);
  expect((await upload(ada, formOf(png))).status).toBe(200);
});

test('a user has at most four uploads at once', async () => {
  const holds = Array.from({ length: limits.files.uploadsPerClient }, () => Promise.withResolvers<void>());
  const running = holds.map(({ promise }) => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(png);
        await promise;
        controller.close();
      },
    });
    return upload(ada, body, octets);
  });
  await expect.poll(async () => (await stored()).length).toBe(limits.files.uploadsPerClient);
  expect(await upload(ada, formOf(png))).toMatchObject({ status: 429, reason: 'rate_limited' });
  expect(await upload(bob, formOf(png))).toMatchObject({ status: 200 });
  for (const { resolve } of holds) resolve();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

describe('a user sees the own files alone', () => {
  test('in the list, page by page', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await upload(ada, formOf(png, name));
    await upload(bob, formOf(png, 'of-bob.png'));
    const first = await ada.call('file.list', { limit: 2 });
    const { files, nextCursor } = first.data as { files: { name: string }[]; nextCursor: string };
    const second = await ada.call('file.list', { limit: 2, cursor: nextCursor });
    const last = second.data as { files: { name: string }[]; nextCursor: string | null };
    expect([...files, ...last.files].map(({ name }) => name).sort()).toEqual(['a.png', 'b.png', 'c.png']);
    expect(last.nextCursor).toBeNull();
    expect(await ada.call('file.list', { cursor: '1.x' })).toMatchObject({ status: 400 });
  });

  test('a file of another user can neither be downloaded nor deleted, and seems not to exist', async () => {
    const { file } = await upload(ada, formOf(png));
    const missing = `/api/files/${crypto.randomUUID()}/a.png`;
    expect((await bob.request(file?.url ?? '')).status).toBe(404);
    expect((await bob.request(missing)).status).toBe(404);
    expect(await bob.call('file.remove', { id: file?.id })).toMatchObject({
      status: 404,
      reason: 'not_found',
    });
    expect((await newBrowser().request(file?.url ?? '')).status).toBe(401);
    expect((await newBrowser().request(missing)).status).toBe(401);
    expect((await ada.request(file?.url ?? '')).status).toBe(200);
  });

  test('a deleted file is gone, with its content', async () => {
    const { file } = await upload(ada, formOf(png));
    const { id = '', url = '' } = file ?? {};
    expect(contentsIn(services().env.DATA_DIR)).toContain(id);
    expect(await ada.call('file.remove', { id })).toMatchObject({ status: 200 });
    expect((await ada.request(url)).status).toBe(404);
    expect(contentsIn(services().env.DATA_DIR)).not.toContain(id);
    expect(await stored()).toEqual([]);
    expect(await ada.call('file.remove', { id })).toMatchObject({ status: 404 });
  });

  test('without an object storage, there is no direct upload', async () => {
    const input = { name: 'a.png', bytes: 10, mediaType: 'image/png' };
    expect((await ada.call('file.beginUpload', input)).data).toEqual({ direct: null });
    expect(await ada.call('file.completeUpload', { id: crypto.randomUUID() })).toMatchObject({ status: 404 });
  });
});

test('the file name of a form never becomes a path', async () => {
  for (const name of [
    ['..', '..', '..', 'tmp', 'evil.png'].join('/'),
    '..\\..\\evil.png',
    '/etc/evil.png',
    'a\0/../evil.png',
  ]) {
    const response = await ada.request('/api/trpc/file.upload', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: Buffer.concat([
        Buffer.from(`--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`),
        png,
        Buffer.from('\r\n--x--\r\n'),
      ]),
    });
    const { file } = await uploadResult(response);
    expect(file?.name).toBe('evil.png');
    expect(contentsIn(services().env.DATA_DIR).filter((content) => content.includes('evil'))).toEqual([]);
  }
});
