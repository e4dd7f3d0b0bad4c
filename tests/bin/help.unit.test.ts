import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commands } from '#server/bin/commands.ts';

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['server/bin/run.mjs', ...args], { encoding: 'utf8' });

test('npm run help has one line for each command', () => {
  const { status, stdout, stderr } = run('help');
  expect([status, stderr]).toEqual([0, '']);
  for (const { name, summary } of commands) {
    const lines = stdout.split('\n').filter((line) => line.trim().startsWith(`${name} `));
    expect(lines).toEqual([expect.stringContaining(`  ${summary}`)]);
  }
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
});

test.each([[[]], [['hepl']], [['check']]])('run.mjs rejects the command %j', (args) => {
  const { status, stderr } = run(...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining('npm run help')]);
});

test('run.mjs passes options on', () => {
  const { status, stdout, stderr } = run('key', 'No Name');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Usage: npm run key -- name');
});
