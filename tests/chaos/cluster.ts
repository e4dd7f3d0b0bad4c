/**
 * `npm run chaos:cluster`: three instances on PostgreSQL and Redis behind HAProxy under a mixed load, while instances,
 * databases, the mail server and an upstream fail and all instances are replaced by a new build, about five minutes in
 * all. Prints what came of the requests and the
 * mails, and ends with 1 when a promise was broken. `--rounds 3` for longer, `--seed 1` to repeat a run.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { makeNewBuild } from './cluster/new-build.ts';
import { runClusterChaos } from './cluster/run.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const rounds = z.coerce
  .number()
  .int()
  .min(1)
  .max(20)
  .parse(values.rounds ?? 1);
const seed = z.coerce
  .number()
  .int()
  .parse(values.seed ?? Date.now() % 100_000);

console.log(`Seed ${seed}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`);
const newBuild = makeNewBuild();
const { phases, mails, broken } = await runClusterChaos({
  seed,
  rounds,
  span: 10_000,
  newBuild,
  tell: (trouble) => console.log(`${new Date().toISOString().slice(11, 19)} ${trouble}`),
}).finally(newBuild.remove);
console.table(phases);
const { broken: _, ...counts } = mails;
console.table([counts]);
for (const each of broken.slice(0, 20)) console.error(each);
if (broken.length > 20) console.error(`and ${broken.length - 20} more`);
if (broken.length > 0) process.exitCode = 1;
