import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { respondWith, type Script, startRawServer } from './raw-server.ts';
import { bytesType, rawClientOf, readAll } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

const part = respondWith('206 Part', { ...bytesType, 'content-range': 'bytes 0-4/10' }, 'hello');
const beyond = respondWith('416 Beyond', { ...bytesType, 'content-range': 'bytes */10' });
const same = respondWith('304 Same', { etag: '"1"' });
const range = { range: 'bytes=0-4' };
const ifNone = { 'if-none-match': '"1"' };
const ifModified = { 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' };

describe('a status that depends on a request header', () => {
  test.each([
    ['206', part, range, { status: 206, headers: { 'content-range': 'bytes 0-4/10' } }, 'hello'],
    ['416', beyond, range, { status: 416, headers: { 'content-range': 'bytes */10' } }, ''],
    ['304 for an entity tag', same, ifNone, { status: 304, headers: { etag: '"1"' }, body: undefined }, ''],
    ['304 for a date', same, ifModified, { status: 304, headers: { etag: '"1"' }, body: undefined }, ''],
  ] as const)('%s is forwarded when the header was sent', async (_, script, headers, expected, text) => {
    const { url, heads } = await startRawServer(script);
    const response = await rawClientOf(url).download({ headers });
    expect(response).toMatchObject(expected);
    expect((await readAll(response)).bytes.toString()).toBe(text);
    for (const [name, value] of Object.entries(headers)) expect(heads[0]).toContain(`${name}: ${value}`);
  });

  const tooLong = { range: `bytes=${'0-0,'.repeat(limits.upstream.passedHeaderLength / 4)}` };
  test.each([
    ['206 without a header', part, {}, 'status'],
    ['206 for another header', part, ifNone, 'status'],
    ['206 for a header that is too long to be forwarded', part, tooLong, 'status'],
    ['416 without a header', beyond, {}, 'client_error'],
    ['416 for another header', beyond, ifNone, 'client_error'],
    ['304 without a header', same, {}, 'status'],
    ['304 for another header', same, range, 'status'],
    ['304 for a header that the endpoint does not declare', same, { 'if-match': '"1"' }, 'status'],
  ] as [string, Script, Record<string, string>, string][])(
    '%s is rejected',
    async (_, script, headers, fault) => {
      const { url } = await startRawServer(script);
      const { download, streams } = rawClientOf(url);
      expect((await upstreamFailureOf(download({ headers }))).fault).toBe(fault);
      expect(streams()).toBe(0);
    },
  );
});

describe('a response is rejected for its head:', () => {
  const html = { 'content-type': 'text/html' };
  test.each([
    ['another media type', respondWith('200 OK', html, 'x'), {}],
    ['another media type of a 206', respondWith('206 Part', html, 'x'), { headers: range }],
    ['another media type to HEAD', respondWith('200 OK', html), { method: 'HEAD' }],
    ['no media type', respondWith('200 OK', {}, 'x'), {}],
    ['an invalid encoding', respondWith('200 OK', { ...bytesType, 'content-encoding': '<b>' }, 'x'), {}],
  ] as const)('%s', async (_, script, requested) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    expect((await upstreamFailureOf(download(requested))).fault).toBe('media_type');
    expect(streams()).toBe(0);
  });

  test('the body of a rejected response is not read, and its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000000\r\n\r\nbegun');
    });
    expect((await upstreamFailureOf(rawClientOf(url).download())).fault).toBe('media_type');
    await closed.promise;
  });
});

test('the content type is rebuilt, and the charset is the only parameter that is kept', async () => {
  const type = 'Application/Octet-Stream; boundary=x; charset="UTF-8"; x=<b>';
  const { url } = await startRawServer(respondWith('200 OK', { 'content-type': type }, 'x'));
  const response = await rawClientOf(url).download();
  expect(response.contentType).toBe('application/octet-stream; charset=utf-8');
  response.body?.destroy();
});

test.each(['gzip', 'br', 'aws-chunked', 'gzip, br', 'gzip,br'])(
  'a file that is stored as %s stays so',
  async (encoding) => {
    const headers = { ...bytesType, 'content-encoding': encoding };
    const { url, heads } = await startRawServer(respondWith('200 OK', headers, 'compressed'));
    const response = await rawClientOf(url).download();
    expect(response.headers['content-encoding']).toBe(encoding);
    expect((await readAll(response)).bytes.toString()).toBe('compressed');
    expect(heads[0]).toMatch(/^accept-encoding: identity\r?$/m);
  },
);

test('the body of a 416 is not passed on', async () => {
  const page = { 'content-type': 'text/html', 'content-range': 'bytes */10', 'content-encoding': 'gzip' };
  const { url } = await startRawServer(respondWith('416 Beyond', page, '<h1>nginx</h1>'));
  const { download, streams } = rawClientOf(url);
  expect(await download({ headers: range })).toMatchObject({
    status: 416,
    contentType: undefined,
    length: undefined,
    headers: { 'content-range': 'bytes */10' },
    body: undefined,
  });
  expect(streams()).toBe(0);
});

describe('an endpoint that accepts any media type', () => {
  test.each([
    ['image/png', 'image/png'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['Application/PDF', 'application/pdf'],
    ['application/vnd.oasis.opendocument.text', 'application/vnd.oasis.opendocument.text'],
    ['image/svg+xml', 'image/svg+xml'],
    ['text/html; x=<b>', 'text/html'],
    ['text/plain; charset=<b>', 'text/plain'],
  ])('accepts %s', async (type, expected) => {
    const { url, heads } = await startRawServer(respondWith('200 OK', { 'content-type': type }, 'x'));
    const response = await rawClientOf(url).any();
    expect(response.contentType).toBe(expected);
    expect((await readAll(response)).bytes.toString()).toBe('x');
    expect(heads[0]).toMatch(/^accept: \*\/\*\r?$/m);
  });

  test('accepts a response without a type', async () => {
    const { url } = await startRawServer(respondWith('200 OK', {}, 'x'));
    const response = await rawClientOf(url).any();
    expect(response.contentType).toBeUndefined();
    response.body?.destroy();
  });

  test.each(['png', 'image/', '/png', 'image/png/x', 'image/<b>', 'a b/c'])('rejects %j', async (type) => {
    const { url } = await startRawServer(respondWith('200 OK', { 'content-type': type }, 'x'));
    expect((await upstreamFailureOf(rawClientOf(url).any())).fault).toBe('media_type');
  });
});

test('the name of an encoding becomes lower case', async () => {
  const { url } = await startRawServer(
    respondWith('200 OK', { ...bytesType, 'content-encoding': 'GZIP' }, 'compressed'),
  );
  const response = await rawClientOf(url).download();
  expect(response.headers['content-encoding']).toBe('gzip');
  response.body?.destroy();
});

describe('a 412', () => {
  const failed = respondWith('412 No', { ...bytesType, etag: '"2"' }, 'text of the upstream');
  const upload = (url: string, headers: Record<string, string>) => {
    const { client, upstream } = rawClientOf(url);
    const requestHeaders = ['if-match', 'if-unmodified-since', 'range'];
    return client.stream(
      upstream,
      { ...upstream.endpoints.download, requestHeaders },
      { method: 'GET', header: (name) => headers[name] ?? null, signal: new AbortController().signal },
    );
  };

  test.each([{ 'if-match': '"1"' }, { 'if-unmodified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }])(
    'to a request with %j is forwarded without its body',
    async (headers) => {
      const { url } = await startRawServer(failed);
      expect(await upload(url, headers)).toMatchObject({
        status: 412,
        contentType: undefined,
        length: undefined,
        headers: { etag: '"2"' },
        body: undefined,
      });
    },
  );

  test.each([{}, range])('to a request with %j is rejected', async (headers) => {
    const { url } = await startRawServer(failed);
    expect((await upstreamFailureOf(upload(url, headers))).fault).toBe('client_error');
  });
});

test('the body of a response without one is not waited for', async () => {
  const closed = Promise.withResolvers<void>();
  const { url } = await startRawServer((socket) => {
    socket.on('close', () => closed.resolve());
    socket.write('HTTP/1.1 416 Beyond\r\ncontent-length: 1000000\r\n\r\nbegun');
  });
  const response = await rawClientOf(url).download({ headers: range });
  expect(response.status).toBe(416);
  await closed.promise;
});
