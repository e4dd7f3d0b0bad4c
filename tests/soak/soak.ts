/**
 * `npm run soak`: runs one process of the product for an hour under a load that takes half of a core, while upstreams and the
 * mail server fail now and then. Prints resource usage and latency for each twelfth of the time, and exits with 1 when a
 * figure grew or something failed. `--minutes 5` changes the duration, `--seed 1` repeats a run.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { table } from '#tests/bench/support/table.ts';
import { findGrowth } from './growth.ts';
import { runSoak } from './run.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = z.coerce
  .number()
  .min(1)
  .max(24 * 60)
  .parse(values.minutes ?? 60);
const seed = z.coerce
  .number()
  .int()
  .parse(values.seed ?? Date.now() % 100_000);

console.log(`Seed ${seed}, ${minutes} minutes.`);
const duration = minutes * 60_000;
const report = await runSoak({
  seed,
  duration,
  windows: 12,
  probe: 60_000,
  faultEvery: Math.max(20_000, duration / 30),
  faultFor: 3_000,
  onProgress: (line) => console.log(line),
});
const { windows, unexpected, defects, mails, streams, handles, exitCode } = report;
const heads = [
  'part',
  'requests',
  'unexpected',
  'core %',
  'p50 ms',
  'p99 ms',
  'RSS MB',
  'handles',
  'log bytes/request',
];
const rows = windows.map((each, index) => [
  index + 1,
  each.requests,
  each.unexpected,
  Math.round(100 * each.processor),
  each.p50,
  each.p99,
  Math.round(each.residentMegabytes),
  each.handles,
  Math.round(each.logBytesPerRequest),
]);
console.log(`\n${table(heads, rows)}\n`);
console.log(`mails: ${mails.sent} accepted, ${mails.delivered} delivered`);
console.log(`streams: ${streams.open} open, at least ${streams.fewestItems} items each`);
console.log(`handles: ${handles.before} before, ${handles.after} after all callers have disconnected`);
const failures = [...findGrowth(report), ...unexpected, ...defects];
for (const failure of failures.slice(0, 20)) console.error(failure.slice(0, 500));
if (failures.length > 0 || exitCode !== 0) process.exitCode = 1;
