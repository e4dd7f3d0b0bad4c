/**
 * `npm test`: checks format and lint, builds with type checks, then runs every test. As root on Debian it installs
 * missing tools; elsewhere it lists them and skips the tests that need them. The output ends with one line,
 * `N passed, N failed`, or `N passed, N failed, N skipped`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { canInstallPackages } from './support/debian.ts';
import { describeMissing, missingRequirements, type RequirementName } from './support/requirements.ts';
import { countTests, lastLine, type TestCounts } from './support/test-counts.ts';

const resultsFile = 'tests/.output/results.json';
/** CI as root on Debian can install everything, so no test may be skipped there. CI services set CI to "true" or "1". */
const mustRunAll = canInstallPackages() && ['true', '1'].includes(process.env.CI ?? '');

function run(title: string, command: string, args: string[], env?: Record<string, string>): boolean {
  console.log(`\n== ${title}`);
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** Starts a command whose output is shown when it has ended. Returns a function that waits for that. */
function runInBackground(title: string, args: string[], env: Record<string, string>): () => Promise<boolean> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => parts.push(String(part)));
  const ended = once(child, 'close');
  return async () => {
    const [code] = await ended;
    console.log(`\n== ${title}\n${parts.join('')}`);
    return code === 0;
  };
}

function report(counts: TestCounts): void {
  process.exitCode = counts.failed === 0 ? 0 : 1;
  console.log(`\n${lastLine(counts)}`);
}

function runTests(missing: readonly RequirementName[]): TestCounts {
  rmSync(resultsFile, { force: true });
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const succeeded = run('tests', process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json'], {
    TESTS_WITHOUT: missing.join(),
  });
  const results: unknown = JSON.parse(readFileSync(resultsFile, 'utf8'));
  return countTests(results, { succeeded, maySkip: missing.length > 0 && !mustRunAll });
}

try {
  // Packages are downloaded meanwhile.
  const untilBuilt = runInBackground('build', ['server/bin/launch.ts', 'build'], {
    BUILD_WITHOUT_TYPES: '1',
    NODE_OPTIONS: '--conditions=fixtures',
  });
  const missing = missingRequirements();
  const isClean =
    run('format and lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']) &&
    run('unused code', 'npx', ['knip', '--no-progress']);
  // The build writes the types of the routes.
  // Two checks share two cores: more checkers in each would only repeat work.
  const typesArguments = ['--noEmit', '--incremental', 'false', '--checkers', '1'];
  const checkTypes = async () => {
    const compiler = join(
      dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin/tsc',
    );
    const ofTests = [compiler, '--project', 'tests', ...typesArguments];
    const untilTestsChecked = runInBackground('types of the tests', ofTests, {});
    const isProductCorrect = run('types', process.execPath, [compiler, ...typesArguments]);
    return (await untilTestsChecked()) && isProductCorrect;
  };
  const ready = (await untilBuilt()) && isClean && (await checkTypes());
  const counts = ready ? runTests(missing) : { passed: 0, failed: 1, skipped: 0 };
  if (missing.length > 0) console.log(`\n${missing.map(describeMissing).join('\n')}`);
  if (missing.length > 0 && mustRunAll)
    console.log('CI as root must run every test: skipped tests count as failed.');
  report(counts);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  report({ passed: 0, failed: 1, skipped: 0 });
}
