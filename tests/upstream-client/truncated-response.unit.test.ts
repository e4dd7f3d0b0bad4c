import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { json, ok, respondWith, type Script, wire } from './raw-server.ts';
import { reasonFor } from './support.ts';

describe('a truncated response is rejected:', () => {
  test('JSON shorter than its Content-Length', async () => {
    const script: Script = (socket) => socket.end(wire('200 OK', { ...json, 'content-length': '1000' }, ok));
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('text shorter than its Content-Length', async () => {
    const script: Script = (socket) =>
      socket.end(wire('200 OK', { 'content-type': 'text/plain', 'content-length': '1000' }, 'half'));
    expect(await reasonFor(script, 'text')).toBe('upstream_bad_answer');
  });

  test('chunked encoding without the last chunk', async () => {
    const script: Script = (socket) =>
      socket.end(wire('200 OK', { ...json, 'transfer-encoding': 'chunked' }, `b\r\n${ok}\r\n`));
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('a connection reset in the body', async () => {
    const script: Script = (socket) => {
      const part = wire('200 OK', { ...json, 'content-length': '1000' }, ok);
      socket.write(part, () => socket.resetAndDestroy());
    };
    expect(await reasonFor(script)).toMatch(/^upstream_(unreachable|bad_answer)$/);
  });

  test('a gzip stream that ends early', async () => {
    const half = gzipSync(ok).subarray(0, 15);
    const script = respondWith('200 OK', { ...json, 'content-encoding': 'gzip' }, half);
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('a 206 to a request without Range', async () => {
    const headers = { 'content-type': 'text/plain', 'content-range': 'bytes 0-3/100' };
    expect(await reasonFor(respondWith('206 Partial Content', headers, 'half'), 'text')).toBe(
      'upstream_bad_answer',
    );
  });
});
