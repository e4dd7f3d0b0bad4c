/**
 * `npm run mutate -- server/rate-limit`: changes the source files of a room, one line at a time, and runs the tests that
 * reach the change. Lists the changes that no test notices. Several rooms and single files are possible.
 *
 * `--integration` also runs the integration tests of the same rooms.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
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
const stryker = join(
  dirname(createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json')),
  'bin/stryker.js',
);
const { status } = spawnSync(
  process.execPath,
  [stryker, 'run', 'tests/mutation/stryker.config.json', '--mutate', sources.join(',')],
  { stdio: 'inherit', env: { ...process.env, MUTATE_TESTS: tests.join(',') } },
);
process.exitCode = status ?? 1;
