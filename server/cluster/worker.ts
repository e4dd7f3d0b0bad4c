/** One worker of `npm start`: serves the build on the port that it shares with the others. */
import cluster from 'node:cluster';
import { env } from '../env.ts';
import { type Serving, serveBuild } from '../front/start.ts';
import { flushLog, log } from '../log.ts';
import { services } from '../services.ts';
import { singleton } from '../singleton.ts';
import { joinMachine } from './join.ts';

let serving: Serving | undefined;
let ending = false;

/** Ends with the machine, also in the middle of a hand-over. The worker that delivers mails ends last. */
async function stop(): Promise<void> {
  await serving?.stop(membership.drained);
  await exit();
}

/** Ends while others go on: what is open comes to its end, and what only this worker knows goes to the primary. */
async function leave(): Promise<void> {
  if (ending) return;
  ending = true;
  await Promise.all([membership.endDelivery(), serving?.handOver()]);
  await exit();
}

async function exit(): Promise<void> {
  if (serving) await membership.ask({ about: 'lastMetrics', metrics: await services().metrics.snapshot() });
  process.exit(0);
}

process.title = `typed-bff worker ${cluster.worker?.id}`;
// They come from the terminal to all processes at once; what is to be done the primary says.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const membership = await joinMachine({ leave: () => void leave(), stop: () => void stop() });
singleton('machine', () => membership.machine);
process.on('SIGTERM', () => void membership.say({ kind: 'terminated' }));
try {
  serving = await serveBuild(env(), membership);
  await serving.loaded;
  void membership.say({ kind: 'loaded' });
} catch (error) {
  log().fatal({ err: error }, 'worker could not start');
  flushLog();
  void membership.say({ kind: 'failed' });
}
