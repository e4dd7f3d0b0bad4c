import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { withSpread } from './http/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';
import { BenchError } from './support/tools.ts';

const ratiosSchema = z.array(z.number()).min(1);

/**
 * Measures the overhead of the product's handler (checks, limits, log, headers) over tRPC's bare fetch handler with the
 * same call, in one dedicated process.
 *
 * @throws BenchError when that process fails
 */
export function measureHandlerOverhead(): { relativeToBareHandler: Spread } {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'tests/bench/handler-overhead-process.ts'],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) throw new BenchError('the measurement of the handler failed');
  const relativeToBareHandler = spreadOf(ratiosSchema.parse(JSON.parse(stdout)));
  console.log(`\nthroughput of the handler vs tRPC's bare handler: ${withSpread(relativeToBareHandler)}`);
  return { relativeToBareHandler };
}
