import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endOf, runNode } from '#tests/product/processes.ts';

test('the command writes the snapshot, and refuses to while a breaking change is not told', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'typed-bff-contract-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await mkdir(join(cwd, 'docs'));
  const snapshot = join(cwd, 'docs/contract.json');
  const contract = (...args: string[]) =>
    endOf(runNode([resolve('server/bin/contract.ts'), ...args], { cwd }));

  const missing = await contract();
  expect(missing.code).toBe(1);
  expect(missing.output).toContain('npm run contract -- --update');

  const first = await contract('--update');
  expect(first.code, first.output).toBe(0);
  const written = await readFile(snapshot, 'utf8');
  expect(written).toBe(await readFile('docs/contract.json', 'utf8'));
  expect(await contract()).toMatchObject({ code: 0 });

  const { 'echo.request': earlier, ...rest } = JSON.parse(written);
  const withOneMore = JSON.stringify({ ...rest, 'echo.request': earlier, 'gone.away': earlier });
  await writeFile(snapshot, withOneMore);
  const refused = await contract('--update');
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('breaking    gone.away: removed procedure');
  expect(await readFile(snapshot, 'utf8')).toBe(withOneMore);

  await writeFile(join(cwd, 'CHANGELOG.md'), '## [Unreleased]\n\n- `gone.away` is gone.\n');
  expect(await contract('--update')).toMatchObject({ code: 0 });
  expect(await readFile(snapshot, 'utf8')).toBe(written);
});
