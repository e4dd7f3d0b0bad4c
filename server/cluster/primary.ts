/**
 * The primary process of `npm start` with several workers. It handles no requests: it starts and replaces workers,
 * forwards signals to them, and holds the state that they share.
 */
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { log } from '../observability/log.ts';
import { startTelemetry } from '../observability/tracing/start.ts';
import { createBroadcast } from './broadcast.ts';
import { createExitedWorkerMetrics } from './exited-worker-metrics.ts';
import type { FromWorker, WorkerRequest } from './ipc-messages.ts';
import { createMailLeader } from './mail-leader.ts';
import { createRateLimitServer } from './rate-limit-server.ts';
import { createSharedState } from './shared-state.ts';
import { createSupervisor } from './supervisor.ts';
import { hasTerminal } from './terminal.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** The effects of the primary outside its process. Tests replace them. */
const ownSystem = { startWorker: startWorkerProcess, startTelemetry, hasTerminal };

/** Serves the build with `WEB_CONCURRENCY` workers until a signal stops it. Resolves when the first worker listens. */
export async function runPrimary(env: Env, system = ownSystem): Promise<void> {
  // Each worker accepts connections directly: those that a dying worker has not accepted go to the other workers.
  if (!process.env.NODE_CLUSTER_SCHED_POLICY) cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.ts', import.meta.url)), args: [] });

  const salt = randomBytes(16).toString('hex');
  let startedAt = new Date();
  const state = createSharedState();
  const { broadcast, ...broadcasts } = createBroadcast();
  const exitedMetrics = createExitedWorkerMetrics();
  const charge = createRateLimitServer(env.RATE_LIMITS);
  const supervisor = createSupervisor({
    size: env.WEB_CONCURRENCY,
    shutdownDelay: env.SHUTDOWN_DELAY * 1_000,
    log: log(),
    startWorker: system.startWorker,
    onMessage,
    onExit(worker) {
      broadcasts.onExit(worker);
      mailLeader.replace(worker);
      exitedMetrics.onExit(worker);
    },
    onStartFailure() {
      log().fatal('no worker could start');
      void shutdown(1, { force: true });
    },
  });
  const mailLeader = createMailLeader(supervisor.workers);

  function onMessage(worker: WorkerProcess, message: FromWorker): void {
    switch (message.kind) {
      case 'request':
        void respond(worker, message.id, message.request);
        break;
      case 'reply':
        broadcasts.onReply(worker, message.id, message.value);
        break;
      case 'ready':
        log().info({ worker: worker.id, pid: worker.pid }, 'worker ready');
        mailLeader.elect();
        break;
      case 'failed':
        supervisor.onFailed(worker);
        break;
      case 'drained':
        supervisor.onDrained(worker);
        break;
      case 'terminated':
        // If the signal was sent to all processes, the primary may get its own a little later. Until then the worker
        // keeps serving: workers that are drained one by one would leave the port before the shutdown begins.
        setTimeout(() => supervisor.onTerminated(worker), limits.cluster.signalGrace);
        break;
      case 'resignMailLeader':
        mailLeader.replace(worker);
        break;
      case 'wakeMailLeader':
        mailLeader.wake();
        break;
      case 'hint':
        for (const other of othersThan(worker)) other.send(message);
        break;
    }
  }

  const othersThan = (worker: WorkerProcess) =>
    [...supervisor.workers].filter((other) => other !== worker && other.connected);

  async function respond(worker: WorkerProcess, id: number, request: WorkerRequest): Promise<void> {
    worker.send({ kind: 'response', id, value: await handleRequest(worker, request) });
  }

  async function handleRequest(worker: WorkerProcess, request: WorkerRequest): Promise<unknown> {
    switch (request.kind) {
      case 'connect':
        worker.connected = true;
        return { salt, startedAt, othersServe: othersThan(worker).some((other) => other.state === 'ready') };
      case 'charge':
        return charge(request.charges);
      case 'putIfAbsent':
        return state.putIfAbsent(request.space, request.name, request.value);
      case 'finalMetrics':
        return exitedMetrics.remember(worker, request.metrics);
      case 'broadcast': {
        const replies = await broadcast(othersThan(worker), { kind: 'query', topic: request.topic });
        if (request.topic !== 'metrics') return replies.map(({ value }) => value);
        exitedMetrics.remember(worker, request.own);
        for (const reply of replies) exitedMetrics.remember(reply.worker, reply.value);
        return exitedMetrics.withExited(othersThan(worker));
      }
    }
  }

  /** Returns the summed metrics of all workers. One worker adds those that have the same value in every worker. */
  async function gather(): Promise<unknown[]> {
    const { sumOf } = await import('../metrics.ts');
    const connected = [...supervisor.workers].filter((worker) => worker.connected);
    const newestReady = connected.filter((worker) => worker.state === 'ready').slice(-1);
    const [replies, [common]] = await Promise.all([
      broadcast(connected, { kind: 'query', topic: 'metrics' }),
      broadcast(newestReady, { kind: 'query', topic: 'commonMetrics' }),
    ]);
    for (const { worker, value } of replies) exitedMetrics.remember(worker, value);
    const summed = await sumOf(exitedMetrics.withExited(connected)).getMetricsAsJSON();
    return [...summed, ...(Array.isArray(common?.value) ? common.value : [])];
  }
  const telemetry = await system.startTelemetry({ env, log: log(), traces: false, gather });

  let isShuttingDown = false;
  async function shutdown(code: number, options?: { force: boolean }): Promise<void> {
    if (isShuttingDown) return;
    isShuttingDown = true;
    await supervisor.shutdown(options);
    await telemetry.stop();
    process.exit(code);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void shutdown(0));
  const hadTerminal = system.hasTerminal();
  process.on('SIGHUP', () => {
    // A closing terminal sends the same signal, and must end the product.
    if (hadTerminal && !system.hasTerminal()) return void shutdown(0);
    startedAt = new Date();
    void supervisor.rollingRestart();
  });
  supervisor.fill();
  await once(cluster, 'listening');
}
