import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';

test('after a million visitors the memory store keeps only the newest buckets, up to its limit and below 64 MB', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    'tests/rate-limit/flood.ts',
  ]);
  const measured = z
    .object({ grownBytes: z.number(), remembered: z.int(), keysInMemory: z.int() })
    .parse(JSON.parse(stdout));
  expect(measured.keysInMemory).toBe(limits.rateLimit.keysInMemory);
  expect(measured.remembered).toBe(limits.rateLimit.keysInMemory);
  expect(measured.grownBytes).toBeLessThan(64 * 1024 * 1024);
});
