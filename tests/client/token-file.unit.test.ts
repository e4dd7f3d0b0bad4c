import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withFileLock } from '#client/token-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typed-bff-lock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

test('tasks for one file run one after the other, and leave no lock', async () => {
  const file = join(folder, 'turns');
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push(`${name} ends`);
  };
  await Promise.all([withFileLock(file, task('one')), withFileLock(file, task('two'))]);
  const names = events.map((event) => event.split(' ')[0]);
  expect(names[0]).toBe(names[1]);
  expect(names[2]).toBe(names[3]);
  expect(await exists(`${file}.lock`)).toBe(false);
});

test('a task that fails leaves no lock', async () => {
  const file = join(folder, 'failure');
  await expect(withFileLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await exists(`${file}.lock`)).toBe(false);
});

test('a lock that is older than half a minute is taken over', async () => {
  const file = join(folder, 'old');
  await writeFile(`${file}.lock`, 'of a process that is gone');
  const then = new Date(Date.now() - 31_000);
  await utimes(`${file}.lock`, then, then);
  expect(await withFileLock(file, async () => 'done')).toBe('done');
});

test('a lock that another process has taken over stays', async () => {
  const file = join(folder, 'taken');
  await withFileLock(file, () => writeFile(`${file}.lock`, 'of another process'));
  expect(await readFile(`${file}.lock`, 'utf8')).toBe('of another process');
});
