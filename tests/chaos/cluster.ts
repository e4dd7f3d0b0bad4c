/**
 * `npm run chaos:cluster`: runs three instances on PostgreSQL and Redis behind HAProxy under a mixed load, while
 * instances, databases, the mail server and an upstream fail and all instances are replaced by a new build. Takes about
 * five minutes. Prints the outcome of the requests and mails, and exits with 1 when a guarantee was violated.
 * `--rounds 3` runs longer, `--seed 1` repeats a run.
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
const { phases, mails, users, streams, violations } = await runClusterChaos({
  seed,
  rounds,
  span: 10_000,
  newBuild,
  onFault: (fault) => console.log(`${new Date().toISOString().slice(11, 19)} ${fault}`),
}).finally(newBuild.remove);
console.table(phases);
const { violations: _, ...counts } = mails;
console.table([counts]);
const { violations: __, ...ofUsers } = users;
console.table([ofUsers]);
const { violations: ___, ...ofStreams } = streams;
console.table([ofStreams]);
for (const violation of violations.slice(0, 20)) console.error(violation);
if (violations.length > 20) console.error(`and ${violations.length - 20} more`);
if (violations.length > 0) process.exitCode = 1;
