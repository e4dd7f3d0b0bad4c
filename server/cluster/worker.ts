/** One worker of `npm start`: serves the build on the port that it shares with the others. */
import cluster from 'node:cluster';
import { env } from '../env.ts';
import { type Serving, serveBuild } from '../front/start.ts';
import { services } from '../services.ts';
import { singleton } from '../singleton.ts';
import { joinMachine, type Membership } from './join.ts';

let serving: Serving | undefined;
let leaving = false;

/** Ends with the machine. */
async function stop(): Promise<void> {
  if (serving) {
    await serving.stop();
    await tellLastMetrics(membership.say);
  }
  process.exit(0);
}

async function tellLastMetrics(say: Membership['say']): Promise<void> {
  await say({ kind: 'lastMetrics', metrics: await services().metrics.snapshot() });
}

/** Ends while others go on: what is open comes to its end, and what only this worker knows goes to the primary. */
async function leave({ endDelivery, say }: Membership): Promise<void> {
  if (leaving) return;
  leaving = true;
  await Promise.all([endDelivery(), serving?.handOver()]);
  await tellLastMetrics(say);
  process.exit(0);
}

process.title = `typed-bff worker ${cluster.worker?.id}`;
// They come from the terminal to all processes at once; what is to be done the primary says.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const membership = await joinMachine({
  leave: () => void leave(membership),
  stop: () => void stop(),
});
singleton('machine', () => membership.machine);
process.on('SIGTERM', () => {
  void membership.say({ kind: 'leaving' });
  void leave(membership);
});
serving = await serveBuild(env(), membership);
await serving.loaded;
void membership.say({ kind: 'loaded' });
