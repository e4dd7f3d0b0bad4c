import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { json, ok, respondWith, type Script, wire } from './raw-server.ts';
import { reasonFor, requestFrom } from './support.ts';

const tooLarge = Buffer.alloc(limits.upstream.responseBytes + 1, ' ');

describe('a response that is too large is rejected:', () => {
  test('by its Content-Length', async () => {
    expect(await reasonFor(respondWith('200 OK', json, tooLarge))).toBe('upstream_bad_answer');
  });

  test('with chunked encoding', async () => {
    const body = Buffer.concat([
      Buffer.from(`${tooLarge.length.toString(16)}\r\n`),
      tooLarge,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const script = respondWith('200 OK', { ...json, 'transfer-encoding': 'chunked' }, body);
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('an endless body', async () => {
    const script: Script = (socket) => {
      socket.write(wire('200 OK', { ...json, 'transfer-encoding': 'chunked' }));
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(0x1_00_00, ' '),
        Buffer.from('\r\n'),
      ]);
      const pump = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pump);
      pump();
    };
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  const bomb = Buffer.alloc(256 * 1024 * 1024, ' ');
  test.each([
    ['gzip', gzipSync(bomb)],
    ['br', brotliCompressSync(bomb.subarray(0, 64 * 1024 * 1024))],
    ['deflate', deflateSync(bomb)],
    ['zstd', zstdCompressSync(bomb)],
    ['gzip, gzip', gzipSync(gzipSync(bomb))],
  ])('a %s bomb', async (encoding, body) => {
    expect(body.length).toBeLessThan(limits.upstream.responseBytes);
    const script = respondWith('200 OK', { ...json, 'content-encoding': encoding }, body);
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('in an error response', async () => {
    const script = respondWith('500 Oops', { ...json, 'content-encoding': 'gzip' }, gzipSync(bomb));
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('its headers', async () => {
    expect(await reasonFor(respondWith('200 OK', { ...json, 'x-long': 'x'.repeat(200_000) }, ok))).toBe(
      'upstream_bad_answer',
    );
  });

  test('but not one of exactly the limit', async () => {
    const body = Buffer.from(ok.padEnd(limits.upstream.responseBytes, ' '));
    expect(await requestFrom(respondWith('200 OK', json, body))).toMatchObject({
      data: { ok: true },
      status: 200,
    });
  });
});
