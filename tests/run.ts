/**
 * `npm test`: format and lint, then the build with all types, then every test against it. Installs what it needs itself
 * and ends with one line, `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { requireChromium } from './support/chromium.ts';
import { requireFeedReaders } from './support/feed-readers.ts';
import { requireHaproxy } from './support/haproxy.ts';
import { requirePostgres } from './support/postgres.ts';
import { requireRedis } from './support/redis.ts';

const resultsFile = 'tests/.output/results.json';
const resultsSchema = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
});

function run(title: string, command: string, args: string[]): boolean {
  console.log(`\n== ${title}`);
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

function report(passed: number, failed: number): void {
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed`);
}

function runTests(): { passed: number; failed: number } {
  rmSync(resultsFile, { force: true });
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const green = run('tests', process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json']);
  const { numPassedTests, numFailedTests } = resultsSchema.parse(
    JSON.parse(readFileSync(resultsFile, 'utf8')),
  );
  // A file that cannot even be loaded, or an unhandled rejection, fails the run without failing a test.
  return { passed: numPassedTests, failed: green ? numFailedTests : Math.max(1, numFailedTests) };
}

try {
  requireChromium();
  requireRedis();
  requirePostgres();
  requireFeedReaders();
  requireHaproxy();
  const ready =
    run('format and lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']) &&
    // It checks the types of everything, too: tests are in the same tsconfig.json.
    run('build', process.execPath, ['server/launch.ts', 'build']);
  const { passed, failed } = ready ? runTests() : { passed: 0, failed: 1 };
  report(passed, failed);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  report(0, 1);
}
