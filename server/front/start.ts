import type { Env } from '../env.ts';
import { lifecycle } from '../lifecycle.ts';
import { log } from '../log.ts';
import { machine } from '../machine.ts';
import { services } from '../services.ts';
import { startTelemetry } from '../telemetry/start.ts';
import { type NodeHandler, startFrontServer } from './server.ts';

export type Serving = {
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
export async function serveBuild(env: Env, { othersServe = false } = {}): Promise<Serving> {
  lifecycle.starting = true;
  lifecycle.ownsShutdown = true;
  // Of several workers the first process tells the metrics, those of all together.
  const gather = machine() ? undefined : () => services().metrics.json();
  const telemetry = await startTelemetry({ env, log: log(), traces: true, gather });
  const next = Promise.withResolvers<NodeHandler>();
  if (othersServe) next.resolve(await loadNext(env));
  const front = await startFrontServer({ env, next: next.promise });
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
export async function serveAlone(env: Env): Promise<void> {
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
