import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answering, json, ok, type Script, wire } from './raw-server.ts';
import { reasonFor } from './support.ts';

describe('a part of an answer', () => {
  test('shorter than its Content-Length', async () => {
    const script: Script = (socket) => socket.end(wire('200 OK', { ...json, 'content-length': '1000' }, ok));
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('text that is shorter than its Content-Length', async () => {
    const script: Script = (socket) =>
      socket.end(wire('200 OK', { 'content-type': 'text/plain', 'content-length': '1000' }, 'half'));
    expect(await reasonFor(script, 'text')).toBe('upstream_bad_answer');
  });

  test('chunks without the last one', async () => {
    const script: Script = (socket) =>
      socket.end(wire('200 OK', { ...json, 'transfer-encoding': 'chunked' }, `b\r\n${ok}\r\n`));
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('reset in the body', async () => {
    const script: Script = (socket) => {
      const part = wire('200 OK', { ...json, 'content-length': '1000' }, ok);
      socket.write(part, () => socket.resetAndDestroy());
    };
    expect(await reasonFor(script)).toMatch(/^upstream_(unreachable|bad_answer)$/);
  });

  test('a gzip stream that ends early', async () => {
    const half = gzipSync(ok).subarray(0, 15);
    const script = answering('200 OK', { ...json, 'content-encoding': 'gzip' }, half);
    expect(await reasonFor(script)).toBe('upstream_bad_answer');
  });

  test('206, which nobody asked for', async () => {
    const headers = { 'content-type': 'text/plain', 'content-range': 'bytes 0-3/100' };
    expect(await reasonFor(answering('206 Partial Content', headers, 'half'), 'text')).toBe(
      'upstream_bad_answer',
    );
  });
});
