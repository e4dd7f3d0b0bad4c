/**
 * `npm run soak`: one process of the product for an hour under half of the load that it can bear, while upstreams and
 * the mail server fail now and then. Prints what it held and how fast it was in each twelfth of the time, and ends with
 * 1 when something grew or went wrong. `--minutes 5` for another time, `--seed 1` to repeat a run.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { table } from '#tests/bench/support/table.ts';
import { flatness } from './flatness.ts';
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
  tell: (line) => console.log(line),
});
const { windows, wrong, defects, mails, handles, exitCode } = report;
const heads = ['part', 'requests', 'wrong', 'p50 ms', 'p99 ms', 'RSS MB', 'handles', 'log bytes a request'];
const rows = windows.map((each, index) => [
  index + 1,
  each.requests,
  each.wrong,
  each.p50,
  each.p99,
  Math.round(each.residentMegabytes),
  each.handles,
  Math.round(each.logBytesARequest),
]);
console.log(`\n${table(heads, rows)}\n`);
console.log(`mails: ${mails.sent} accepted, ${mails.delivered} delivered`);
console.log(`handles: ${handles.before} before, ${handles.after} after the last caller has gone`);
const broken = [...flatness(report), ...wrong, ...defects];
for (const each of broken.slice(0, 20)) console.error(each.slice(0, 500));
if (broken.length > 0 || exitCode !== 0) process.exitCode = 1;
