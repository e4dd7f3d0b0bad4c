import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { services } from '#server/services.ts';
import type { TestBrowser } from '#tests/identity/browser.ts';
import { newBrowser, withIdentity } from '#tests/identity/in-process.ts';
import { png } from './pictures.ts';
import { formOf, upload } from './support.ts';

const identity = withIdentity();
let ada: TestBrowser;
let url: string;
let sha256: string;

beforeAll(async () => {
  ada = newBrowser();
  await ada.signIn('ada');
  const { file } = await upload(ada, formOf(png, 'holiday.png'));
  if (!file) throw new Error('nothing is stored');
  ({ url, sha256 } = file);
});

const get = (headers: Record<string, string> = {}, method = 'GET') => ada.request(url, { method, headers });

test('a file is an attachment that can do nothing', async () => {
  const response = await get();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(png.length),
    'content-disposition': 'attachment; filename="holiday.png"',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache, no-transform',
    etag: `"${sha256}"`,
    vary: 'Cookie, Authorization',
  });
  expect(response.headers.get('last-modified')).toMatch(/GMT$/);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
});

test('HEAD has the headers of GET', async () => {
  const [head, whole] = [await get({}, 'HEAD'), await get()];
  const named = (response: Response) =>
    Object.fromEntries([...response.headers].filter(([name]) => !/^(x-request-id|ratelimit)/.test(name)));
  expect({ status: head.status, headers: named(head), body: await head.text() }).toEqual({
    status: 200,
    headers: named(whole),
    body: '',
  });
  await whole.arrayBuffer();
});

describe('ranges', () => {
  const last = png.length - 1;
  test.each([
    ['bytes=0-3', 206, `bytes 0-3/${png.length}`, 4],
    ['bytes=4-', 206, `bytes 4-${last}/${png.length}`, png.length - 4],
    ['bytes=-4', 206, `bytes ${last - 3}-${last}/${png.length}`, 4],
    ['bytes=0-99999', 206, `bytes 0-${last}/${png.length}`, png.length],
    ['bytes=-99999', 206, `bytes 0-${last}/${png.length}`, png.length],
    // Several ranges are not supported, so the whole file is sent.
    ['bytes=0-1,3-4', 200, null, png.length],
    ['bytes=3-1', 200, null, png.length],
    ['lines=1-2', 200, null, png.length],
    ['bytes=a-b', 200, null, png.length],
  ])('%s', async (range, status, contentRange, length) => {
    const response = await get({ range });
    const { headers } = response;
    const body = Buffer.from(await response.arrayBuffer());
    expect({
      status: response.status,
      contentRange: headers.get('content-range'),
      length: body.length,
    }).toEqual({
      status,
      contentRange,
      length,
    });
    expect(headers.get('content-length')).toBe(String(length));
    const start = Number(/^bytes (\d+)/.exec(contentRange ?? '')?.[1] ?? 0);
    expect(body).toEqual(png.subarray(start, start + length));
  });

  test.each([`bytes=${png.length}-`, 'bytes=-0'])('%s cannot be satisfied', async (range) => {
    const response = await get({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${png.length}`);
  });

  test('of another version are not sent', async () => {
    const response = await get({ range: 'bytes=0-3', 'if-range': '"another"' });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect((await get({ range: 'bytes=0-3', 'if-range': `"${sha256}"` }, 'HEAD')).status).toBe(206);
  });
});

test('a copy that is current is not sent again, but only to the owner', async () => {
  const condition = { 'if-none-match': `"${sha256}"` };
  const response = await get(condition);
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 304, body: '' });
  expect(response.headers.get('etag')).toBe(`"${sha256}"`);
  expect((await newBrowser().request(url, { headers: condition })).status).toBe(401);
});

test.each([
  '/api/files/x',
  '/api/files/..%2f..%2ftyped-bff.sqlite',
  '/api/files/00000000-0000-0000-0000-000000000000/a/b',
])('%s does not exist', async (path) => {
  expect((await ada.request(path)).status).toBe(404);
});

test('the name in the URL has no effect', async () => {
  const response = await ada.request(`${url.split('/').slice(0, -1).join('/')}/page.html`, {
    method: 'HEAD',
  });
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="holiday.png"');
  expect((await ada.request(url.split('/').slice(0, -1).join('/'), { method: 'HEAD' })).status).toBe(200);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is not allowed', async (method) => {
  const response = await get({}, method);
  expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
    status: 405,
    allow: 'GET, HEAD',
  });
});

test.each(['text/html', 'application/xml', 'image/svg+xml', 'application/xhtml+xml', 'text/xml'])(
  'a file of the type %s is sent as bytes',
  async (mediaType) => {
    const { write } = await identity.database();
    const id = url.split('/')[3] ?? '';
    const setType = (media_type: string) =>
      write((queries) =>
        queries.updateTable('stored_file').set({ media_type }).where('id', '=', id).execute(),
      );
    await setType(mediaType);
    const response = await get({}, 'HEAD');
    await setType('image/png');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
  },
);

test('a file whose content is missing is an error of the server', async () => {
  const { file } = await upload(ada, formOf(png));
  rmSync(`${services().env.DATA_DIR}/files/uploads/${file?.id}`);
  expect((await ada.request(file?.url ?? '')).status).toBe(503);
});
