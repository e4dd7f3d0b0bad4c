/** A worker of `npm start`. It serves the build on the port that all workers share. */

import cluster from 'node:cluster';
import { env } from '../config/env.ts';
import { productName } from '../config/product-name.ts';
import { type RunningServer, serveBuild } from '../node-server/start.ts';
import { flushLog, log } from '../observability/log.ts';
import { setCoordinator } from '../process/coordinator.ts';
import { services } from '../services.ts';
import { joinCluster } from './join-cluster.ts';

let server: RunningServer | undefined;
let isDraining = false;

/** Shuts down together with all other workers, even during a drain. The mail leader exits last. */
async function shutdown(): Promise<void> {
  await server?.stop(connection.reportDrained);
  await exit();
}

/** Exits while other workers keep serving: open connections end normally, and another worker delivers mails. */
async function drain(): Promise<void> {
  if (isDraining) return;
  isDraining = true;
  await Promise.all([connection.resignMailLeader(), server?.handOver()]);
  await exit();
}

async function exit(): Promise<void> {
  if (server) {
    await connection.request({ kind: 'finalMetrics', metrics: await services().metrics.snapshot() });
  }
  process.exit(0);
}

process.title = `${productName} worker ${cluster.worker?.id}`;
// A terminal sends these signals to all processes at once. Only the primary acts on them.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const connection = await joinCluster({ drain: () => void drain(), shutdown: () => void shutdown() });
setCoordinator(connection.coordinator);
process.on('SIGTERM', () => void connection.send({ kind: 'terminated' }));
try {
  server = await serveBuild(env(), connection);
  await server.ready;
  void connection.send({ kind: 'ready' });
} catch (error) {
  log().fatal({ err: error }, 'worker could not start');
  flushLog();
  void connection.send({ kind: 'failed' });
}
