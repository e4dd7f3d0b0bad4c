import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answering, json, ok, type Script, wire } from './raw-server.ts';
import { askRaw, reasonFor } from './support.ts';

describe('an answer of another form', () => {
  test.each(['text/html', 'text/plain', 'application/jsonp', 'application/xml', 'json', ''])(
    'media type %j',
    async (type) => {
      expect(await reasonFor(answering('200 OK', { 'content-type': type }, ok))).toBe('upstream_bad_answer');
    },
  );

  test('no media type', async () => {
    expect(await reasonFor(answering('200 OK', {}, ok))).toBe('upstream_bad_answer');
  });

  test.each(['Application/JSON', 'application/json; charset=utf-8', 'application/json ;x=y'])(
    'but %j is JSON',
    async (type) => {
      expect(await askRaw(answering('200 OK', { 'content-type': type }, ok))).toMatchObject({
        data: { ok: true },
      });
    },
  );

  test.each(['', '{', '{"ok":true', '{"ok":true}}', '<html>', 'undefined', 'NaN'])(
    'no JSON: %j',
    async (body) => {
      expect(await reasonFor(answering('200 OK', json, body))).toBe('upstream_bad_answer');
    },
  );

  test.each(['null', '[]', '{}', '{"ok":"true"}', '{"ok":null}'])(
    'JSON of another schema: %j',
    async (body) => {
      expect(await reasonFor(answering('200 OK', json, body))).toBe('upstream_bad_answer');
    },
  );

  test('204 has nothing to read', async () => {
    const script: Script = (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test.each(['gzip', 'br', 'deflate', 'zstd'])('what says that it is %s and is not', async (encoding) => {
    const script = answering('200 OK', { ...json, 'content-encoding': encoding }, ok);
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['a bad status line', 'HTTP/1.1 abc\r\n\r\n'],
    ['two lengths', `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 11\r\n\r\n${ok}`],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s', async (_, bytes) => {
    expect(await reasonFor((socket) => socket.write(bytes))).toBe('upstream_bad_answer');
  });
});

test.each([
  ['gzip', gzipSync(ok)],
  ['br', brotliCompressSync(ok)],
])('%s is read', async (encoding, body) => {
  const script = answering('200 OK', { ...json, 'content-encoding': encoding }, body);
  expect(await askRaw(script)).toMatchObject({ data: { ok: true } });
});

test('103 before the answer is passed over', async () => {
  const script: Script = (socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
    socket.write(wire('200 OK', json, ok));
  };
  expect(await askRaw(script)).toMatchObject({ data: { ok: true }, status: 200 });
});
