import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { answering, type Script, startRawServer } from './raw-server.ts';
import { bytesType, rawClientOf, readAll } from './raw-support.ts';
import { upstreamFailureOf } from './support.ts';

const part = answering('206 Part', { ...bytesType, 'content-range': 'bytes 0-4/10' }, 'hello');
const beyond = answering('416 Beyond', { ...bytesType, 'content-range': 'bytes */10' });
const same = answering('304 Same', { etag: '"1"' });
const range = { range: 'bytes=0-4' };
const ifNone = { 'if-none-match': '"1"' };
const ifModified = { 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' };

describe('a status that answers a header', () => {
  test.each([
    ['206', part, range, { status: 206, headers: { 'content-range': 'bytes 0-4/10' } }, 'hello'],
    ['416', beyond, range, { status: 416, headers: { 'content-range': 'bytes */10' } }, ''],
    ['304 for a tag', same, ifNone, { status: 304, headers: { etag: '"1"' }, body: undefined }, ''],
    ['304 for a date', same, ifModified, { status: 304, headers: { etag: '"1"' }, body: undefined }, ''],
  ] as const)('%s passes when the header did', async (_, script, headers, expected, text) => {
    const { url, heads } = await startRawServer(script);
    const answer = await rawClientOf(url).download({ headers });
    expect(answer).toMatchObject(expected);
    expect((await readAll(answer)).bytes.toString()).toBe(text);
    for (const [name, value] of Object.entries(headers)) expect(heads[0]).toContain(`${name}: ${value}`);
  });

  const tooLong = { range: `bytes=${'0-0,'.repeat(limits.upstream.passedHeaderLength / 4)}` };
  test.each([
    ['206 to nothing', part, {}, 'status'],
    ['206 to another header', part, ifNone, 'status'],
    ['206 to a header that is too long to pass', part, tooLong, 'status'],
    ['416 to nothing', beyond, {}, 'client_error'],
    ['416 to another header', beyond, ifNone, 'client_error'],
    ['304 to nothing', same, {}, 'status'],
    ['304 to another header', same, range, 'status'],
    ['304 to a header that the endpoint does not take', same, { 'if-match': '"1"' }, 'status'],
  ] as [string, Script, Record<string, string>, string][])(
    '%s is refused',
    async (_, script, headers, fault) => {
      const { url } = await startRawServer(script);
      const { download, streams } = rawClientOf(url);
      expect((await upstreamFailureOf(download({ headers }))).fault).toBe(fault);
      expect(streams()).toBe(0);
    },
  );
});

describe('what the head says is refused', () => {
  const html = { 'content-type': 'text/html' };
  const gzip = { ...bytesType, 'content-encoding': 'gzip' };
  test.each([
    ['another media type', answering('200 OK', html, 'x'), {}],
    ['another media type of a part', answering('206 Part', html, 'x'), { headers: range }],
    ['another media type to HEAD', answering('200 OK', html), { method: 'HEAD' }],
    ['no media type', answering('200 OK', {}, 'x'), {}],
    ['compressed bytes', answering('200 OK', gzip, 'x'), {}],
    ['a compressed part', answering('206 Part', gzip, 'x'), { headers: range }],
  ] as const)('%s', async (_, script, asked) => {
    const { url } = await startRawServer(script);
    const { download, streams } = rawClientOf(url);
    expect((await upstreamFailureOf(download(asked))).fault).toBe('media_type');
    expect(streams()).toBe(0);
  });

  test('an answer that is refused is not read: its connection ends', async () => {
    const closed = Promise.withResolvers<void>();
    const { url } = await startRawServer((socket) => {
      socket.on('close', () => closed.resolve());
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000000\r\n\r\nbegun');
    });
    expect((await upstreamFailureOf(rawClientOf(url).download())).fault).toBe('media_type');
    await closed.promise;
  });
});

test('a type is made anew: of its parameters only the charset passes', async () => {
  const type = 'Application/Octet-Stream; boundary=x; charset="UTF-8"; x=<b>';
  const { url } = await startRawServer(answering('200 OK', { 'content-type': type }, 'x'));
  const answer = await rawClientOf(url).download();
  expect(answer.contentType).toBe('application/octet-stream; charset=utf-8');
  answer.body?.destroy();
});
