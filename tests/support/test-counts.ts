import { z } from 'zod';

export type TestCounts = { passed: number; failed: number; skipped: number };

/** Output of Vitest's JSON reporter, which counts skipped tests as pending. */
const resultsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
});

/**
 * @param succeeded also false if a file could not be loaded or a rejection was unhandled, which fails no single test
 * @param maySkip false if nothing is missing or everything must run: skipped tests, such as those after a failed hook,
 * then count as failed
 */
export function countTests(results: unknown, options: { succeeded: boolean; maySkip: boolean }): TestCounts {
  const { numPassedTests, numFailedTests, numPendingTests } = resultsSchema.parse(results);
  const skipped = options.maySkip ? numPendingTests : 0;
  const failed = numFailedTests + numPendingTests - skipped;
  return { passed: numPassedTests, failed: options.succeeded ? failed : Math.max(1, failed), skipped };
}

/** Formats the last line of the output, which CI reads. */
export function lastLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
