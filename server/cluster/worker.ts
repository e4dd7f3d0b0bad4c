/** One worker of `npm start`: serves the build on the port that it shares with the others. */
import cluster from 'node:cluster';
import { env } from '../config/env.ts';
import { singleton } from '../lib/singleton.ts';
import { type RunningServer, serveBuild } from '../node-server/start.ts';
import { flushLog, log } from '../observability/log.ts';
import { services } from '../services.ts';
import { joinCluster } from './join-cluster.ts';

let serving: RunningServer | undefined;
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

const membership = await joinCluster({ leave: () => void leave(), stop: () => void stop() });
singleton('machine', () => membership.machine);
process.on('SIGTERM', () => void membership.send({ kind: 'terminated' }));
try {
  serving = await serveBuild(env(), membership);
  await serving.loaded;
  void membership.send({ kind: 'loaded' });
} catch (error) {
  log().fatal({ err: error }, 'worker could not start');
  flushLog();
  void membership.send({ kind: 'failed' });
}
