import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exitOf, runNode } from '#tests/support/processes.ts';

test('the command writes the snapshot, unless a breaking change is not announced', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'typed-bff-contract-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await mkdir(join(cwd, 'docs'));
  const snapshot = join(cwd, 'docs/contract.json');
  const contract = (...args: string[]) =>
    exitOf(runNode([resolve('server/bin/contract.ts'), ...args], { cwd, env: { NODE_OPTIONS: '' } }));

  const missing = await contract();
  expect(missing.code).toBe(1);
  expect(missing.output).toContain('npm run contract -- --update');

  const first = await contract('--update');
  expect(first.code, first.output).toBe(0);
  const written = await readFile(snapshot, 'utf8');
  expect(written).toBe(await readFile('docs/contract.json', 'utf8'));
  expect(await contract()).toMatchObject({ code: 0 });

  const current = JSON.parse(written);
  const withOneMore = JSON.stringify({ ...current, 'gone.away': current['proxy.status'] });
  await writeFile(snapshot, withOneMore);
  const rejected = await contract('--update');
  expect(rejected.code).toBe(1);
  expect(rejected.output).toContain('breaking    gone.away: removed procedure');
  expect(await readFile(snapshot, 'utf8')).toBe(withOneMore);

  await writeFile(join(cwd, 'CHANGELOG.md'), '## [Unreleased]\n\n### Removed\n\n- `gone.away` is gone.\n');
  expect(await contract('--update')).toMatchObject({ code: 0 });
  expect(await readFile(snapshot, 'utf8')).toBe(written);
});
