import type { Env } from '../config/env.ts';
import { log } from '../observability/log.ts';
import { startTelemetry } from '../observability/tracing/start.ts';
import { coordinator } from '../process/coordinator.ts';
import { lifecycle } from '../process/lifecycle.ts';
import { services } from '../services.ts';
import { type NodeHandler, startNodeServer } from './server.ts';

export type RunningServer = {
  /** Resolves when pages are served, too. Rejects when the build cannot be loaded. */
  loaded: Promise<void>;
  /**
   * Ends what this process does, within the deadlines.
   *
   * @param drained called when this process accepts no more requests; resolves when mails are to be delivered no longer
   */
  stop(drained?: () => Promise<void>): Promise<void>;
  /** Ends it while other processes go on at the same port: nothing that runs is cut. */
  handOver(): Promise<void>;
};

/**
 * Serves the build. Procedures and raw routes are answered at once; pages wait until Next, behind the same server, has
 * loaded. Where others serve already, nobody is to wait: then nothing is answered before that.
 */
export async function serveBuild(env: Env, { othersServe = false } = {}): Promise<RunningServer> {
  lifecycle.starting = true;
  lifecycle.ownsShutdown = true;
  // Of several workers the first process tells the metrics, those of all together.
  const gather = coordinator() ? undefined : () => services().metrics.json();
  const telemetry = await startTelemetry({ env, log: log(), traces: true, gather });
  const next = Promise.withResolvers<NodeHandler>();
  if (othersServe) next.resolve(await loadNext(env));
  const front = await startNodeServer({ env, services: services(), next: next.promise });
  if (!othersServe) next.resolve(loadNext(env));

  async function finish(): Promise<void> {
    await services().mail.stop();
    await telemetry.stop();
  }
  return {
    loaded: next.promise.then(() => undefined),
    async stop(drained) {
      await front.stop();
      await drained?.();
      await finish();
    },
    async handOver() {
      await front.handOver();
      await finish();
    },
  };
}

/** Serves the build in this process alone, until it is told to stop. */
export async function serveSingleProcess(env: Env): Promise<void> {
  const { loaded, stop } = await serveBuild(env);
  loaded.catch((error: unknown) => {
    log().fatal({ err: error }, 'the build could not be loaded');
    process.exit(1);
  });
  let stopping = false;
  async function end(): Promise<void> {
    if (stopping) return;
    stopping = true;
    await stop();
    process.exit(0);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
}

async function loadNext(env: Env): Promise<NodeHandler> {
  const { default: createNext } = await import('next');
  const app = createNext({ dev: false, port: env.PORT });
  await app.prepare();
  lifecycle.starting = false;
  return app.getRequestHandler();
}
