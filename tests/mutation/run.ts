/**
 * `npm run mutate -- server/rate-limit`: changes the source files of a room, one line at a time, and runs the tests that
 * reach the change. Lists the changes that no test notices. Several rooms and single files are possible.
 *
 * `--integration` also runs the integration tests of the same rooms. The first run installs Stryker.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { integration: { type: 'boolean', default: false } },
});
const missing = positionals.filter((path) => !existsSync(path));
if (positionals.length === 0 || missing.length > 0) {
  console.error(
    missing.length > 0
      ? `There is no ${missing.join(' and no ')}.`
      : 'Usage: npm run mutate -- server/rate-limit',
  );
  process.exit(2);
}

const isFolder = (path: string) => statSync(path).isDirectory();
const sources = positionals.map((path) => (isFolder(path) ? join(path, '**/*.ts') : path));
const rooms = positionals.map((path) => basename(isFolder(path) ? path : dirname(path)));
const tests = [
  'tests/**/*.unit.test.ts',
  ...(values.integration ? rooms.map((room) => `tests/${room}/**/*.integration.test.ts`) : []),
];
/** Not among the packages of the project: they bring 161 others, which only those need who run this. */
const packages = ['@stryker-mutator/core@10.1.1', '@stryker-mutator/vitest-runner@10.1.1'];
const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
if (!existsSync(stryker)) {
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', ['install', ...options, ...packages], { stdio: ['ignore', 'ignore', 'inherit'] });
}
const { status } = spawnSync(
  process.execPath,
  [stryker, 'run', 'tests/mutation/stryker.config.json', '--mutate', sources.join(',')],
  { stdio: 'inherit', env: { ...process.env, MUTATE_TESTS: tests.join(',') } },
);
process.exitCode = status ?? 1;
