import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reachedFrom, readImports } from '#tests/support/import-graph.ts';
import { describeMissing, type RequirementName, requirements } from '#tests/support/requirements.ts';
import { countTests, lastLine } from '#tests/support/test-counts.ts';

const names = Object.keys(requirements).filter((name): name is RequirementName => name in requirements);
const files = globSync('tests/**/*.test.ts');
const graph = readImports('tests/**/*.ts');
/** Returns a test file and the files under tests/ that it imports, directly or indirectly. */
const runningWith = (file: string) => [...reachedFrom(file, graph)].filter((each) => graph.has(each));
/** Returns the requirements that these files pass to `testWith` and `describeWith`. */
const namedBy = (file: string) =>
  new Set(
    runningWith(file)
      .flatMap((each) => [...readFileSync(each, 'utf8').matchAll(/\b(?:test|describe)With\(([^)]*)\)/g)])
      .flatMap(([, list = '']) => [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name)),
  );

test.each([
  { name: 'chromium', starts: /\b(?:launchBrowser|sharedBrowser)\(/ },
  { name: 'redis', starts: /\bstartRedis\(/ },
  { name: 'postgres', starts: /\bstartPostgres\(/ },
  { name: 'haproxy', starts: /\bstartBalancer\(/ },
])('every test file that starts $name skips its tests if it is missing', ({ name, starts }) => {
  // tests/support itself is excluded: files that only use the product import shared.ts as well.
  const starting = files.filter((file) =>
    runningWith(file).some(
      (each) => !each.startsWith('tests/support/') && starts.test(readFileSync(each, 'utf8')),
    ),
  );
  expect(starting.length).toBeGreaterThan(0);
  expect(starting.filter((file) => !namedBy(file).has(name))).toEqual([]);
});

test('every requirement is used by a test', () => {
  const used = new Set(files.flatMap((file) => [...namedBy(file)]));
  expect(names.filter((name) => !used.has(name))).toEqual([]);
});

test.each(names)('the message for a missing %s is one line that explains how to install it', (name) => {
  expect(describeMissing(name)).toMatch(/^Missing: \S.+\. Skipped: \S.+\. To get it: \S.+\.$/);
});

describe('the summary line', () => {
  const results = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0 };
  const lineOf = (change: Partial<typeof results>, options: { succeeded: boolean; maySkip: boolean }) =>
    lastLine(countTests({ ...results, ...change }, options));

  test.each([
    { title: 'all passed', change: {}, succeeded: true, maySkip: false, line: '7 passed, 0 failed' },
    {
      title: 'all tests that could run passed',
      change: { numPendingTests: 3 },
      succeeded: true,
      maySkip: true,
      line: '7 passed, 0 failed, 3 skipped',
    },
    {
      title: 'a missing requirement that no test needs',
      change: {},
      succeeded: true,
      maySkip: true,
      line: '7 passed, 0 failed',
    },
    {
      title: 'skipped tests, although all must run',
      change: { numPendingTests: 3 },
      succeeded: true,
      maySkip: false,
      line: '7 passed, 3 failed',
    },
    {
      title: 'a file that could not be loaded',
      change: {},
      succeeded: false,
      maySkip: false,
      line: '7 passed, 1 failed',
    },
    {
      title: 'some tests failed and others were skipped',
      change: { numFailedTests: 2, numPendingTests: 3 },
      succeeded: false,
      maySkip: true,
      line: '7 passed, 2 failed, 3 skipped',
    },
  ])('$line: $title', ({ change, line, ...options }) => {
    expect(lineOf(change, options)).toBe(line);
  });
});
