import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { withSpread } from './http/report.ts';
import { type Spread, spreadOf } from './support/statistics.ts';
import { BenchError } from './support/tools.ts';

const ratiosSchema = z.array(z.number()).min(1);

/**
 * What the door costs: the same call through the whole door (checks, limits, log, headers) beside tRPC's fetch handler
 * alone, in one process that does nothing else.
 *
 * @throws BenchError when that process fails
 */
export function measureDoor(): { ofBareHandler: Spread } {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'tests/bench/door-process.ts'],
    { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' },
  );
  if (status !== 0) throw new BenchError('the door could not be measured');
  const ofBareHandler = spreadOf(ratiosSchema.parse(JSON.parse(stdout)));
  console.log(`\ndoor, calls a second of the bare tRPC handler's: ${withSpread(ofBareHandler)}`);
  return { ofBareHandler };
}
