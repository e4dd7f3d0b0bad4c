import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { json, ok, respondWith, type Script, wire } from './raw-server.ts';
import { reasonFor, requestFrom } from './support.ts';

describe('a malformed response is rejected:', () => {
  test.each(['text/html', 'text/plain', 'application/jsonp', 'application/xml', 'json', ''])(
    'media type %j',
    async (type) => {
      expect(await reasonFor(respondWith('200 OK', { 'content-type': type }, ok))).toBe(
        'upstream_bad_answer',
      );
    },
  );

  test('no media type', async () => {
    expect(await reasonFor(respondWith('200 OK', {}, ok))).toBe('upstream_bad_answer');
  });

  test.each(['Application/JSON', 'application/json; charset=utf-8', 'application/json ;x=y'])(
    'but not the media type %j',
    async (type) => {
      expect(await requestFrom(respondWith('200 OK', { 'content-type': type }, ok))).toMatchObject({
        data: { ok: true },
      });
    },
  );

  test.each(['', '{', '{"ok":true', '{"ok":true}}', '<html>', 'undefined', 'NaN'])(
    'invalid JSON: %j',
    async (body) => {
      expect(await reasonFor(respondWith('200 OK', json, body))).toBe('upstream_bad_answer');
    },
  );

  test.each(['null', '[]', '{}', '{"ok":"true"}', '{"ok":null}'])(
    'JSON of another schema: %j',
    async (body) => {
      expect(await reasonFor(respondWith('200 OK', json, body))).toBe('upstream_bad_answer');
    },
  );

  test('a 204, which has no body', async () => {
    const script: Script = (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test.each(['gzip', 'br', 'deflate', 'zstd'])(
    'a body that is not %s despite its Content-Encoding',
    async (encoding) => {
      const script = respondWith('200 OK', { ...json, 'content-encoding': encoding }, ok);
      expect(await reasonFor(script)).toBe('upstream_bad_answer');
    },
  );

  test.each([
    ['bytes that are not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['a bad status line', 'HTTP/1.1 abc\r\n\r\n'],
    [
      'two different Content-Lengths',
      `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 11\r\n\r\n${ok}`,
    ],
    ['an invalid chunk size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s', async (_, bytes) => {
    expect(await reasonFor((socket) => socket.write(bytes))).toBe('upstream_bad_answer');
  });
});

test.each([
  ['gzip', gzipSync(ok)],
  ['br', brotliCompressSync(ok)],
])('a %s body is decompressed', async (encoding, body) => {
  const script = respondWith('200 OK', { ...json, 'content-encoding': encoding }, body);
  expect(await requestFrom(script)).toMatchObject({ data: { ok: true } });
});

test('a 103 before the response is ignored', async () => {
  const script: Script = (socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
    socket.write(wire('200 OK', json, ok));
  };
  expect(await requestFrom(script)).toMatchObject({ data: { ok: true }, status: 200 });
});
