import type { Env } from '../config/env.ts';
import { watchEventLoop } from '../observability/event-loop.ts';
import { log } from '../observability/log.ts';
import { startTelemetry } from '../observability/tracing/start.ts';
import { workRecord } from '../observability/work.ts';
import { coordinator } from '../process/coordinator.ts';
import { lifecycle } from '../process/lifecycle.ts';
import { services } from '../services.ts';
import { type NodeHandler, startNodeServer } from './server.ts';

export type RunningServer = {
  /** Resolves when pages are served as well. Rejects if the build cannot be loaded. */
  ready: Promise<void>;
  /**
   * Shuts down this process's server, mail delivery and telemetry, within the deadlines.
   *
   * @param drained called when this process accepts no more requests; resolves when mail delivery must stop
   */
  stop(drained?: () => Promise<void>): Promise<void>;
  /** Shuts down while other processes keep serving the same port. No running request is interrupted. */
  handOver(): Promise<void>;
};

/**
 * Serves the build. Procedures and raw routes are served at once; pages wait until Next, behind the same server, is
 * loaded.
 *
 * @param options.othersServe other processes already serve the port: the server then listens only after Next is loaded,
 * so that no request has to wait
 */
export async function serveBuild(env: Env, { othersServe = false } = {}): Promise<RunningServer> {
  lifecycle.starting = true;
  lifecycle.hasNodeServer = true;
  // With several workers, the primary process exports the metrics of all of them.
  const gather = coordinator() ? undefined : () => services().metrics.json();
  const telemetry = await startTelemetry({ env, log: log(), traces: true, gather });
  const next = Promise.withResolvers<NodeHandler>();
  async function load(): Promise<NodeHandler> {
    // Opens the database first: loading Next blocks the event loop, and a connection would time out meanwhile.
    await services().database.check();
    return loadNext(env);
  }
  if (othersServe) next.resolve(await load());
  const server = await startNodeServer({ env, services: services(), next: next.promise });
  if (!othersServe) next.resolve(load());
  const ready = next.promise.then(() => {
    // Next goes on loading code when it is ready.
    setTimeout(workRecord.start('startup'));
    watchEventLoop(services());
  });

  async function stopBackground(): Promise<void> {
    await services().stop();
    await telemetry.stop();
  }
  return {
    ready,
    async stop(drained) {
      await server.stop();
      await drained?.();
      await stopBackground();
    },
    async handOver() {
      await server.handOver();
      await stopBackground();
    },
  };
}

/** Serves the build in this process alone, until a signal stops it. */
export async function serveSingleProcess(env: Env): Promise<void> {
  const { ready, stop } = await serveBuild(env);
  ready.catch((error: unknown) => {
    log().fatal({ err: error }, 'the build could not be loaded');
    process.exit(1);
  });
  let isStopping = false;
  async function shutdown(): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    await stop();
    process.exit(0);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void shutdown());
}

async function loadNext(env: Env): Promise<NodeHandler> {
  const { default: createNext } = await import('next');
  const app = createNext({ dev: false, port: env.PORT });
  await app.prepare();
  lifecycle.starting = false;
  return app.getRequestHandler();
}
