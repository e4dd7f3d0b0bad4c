import { afterEach, expect, test, vi } from 'vitest';
import { compileCacheOfChild } from '#server/process/compile-cache.ts';

afterEach(() => void vi.unstubAllEnvs());

test('a child process uses the compile cache of the build', () => {
  vi.stubEnv('NODE_COMPILE_CACHE', '');
  expect(compileCacheOfChild()).toEqual({
    NODE_COMPILE_CACHE: '.next-fixtures/cache/modules',
    NODE_COMPILE_CACHE_PORTABLE: '1',
  });
});

test("a child process inherits the operator's own compile cache", () => {
  vi.stubEnv('NODE_COMPILE_CACHE', '/var/cache/node');
  expect(compileCacheOfChild()).toEqual({});
});
