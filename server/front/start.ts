import type { Env } from '../env.ts';
import { lifecycle } from '../lifecycle.ts';
import { log } from '../log.ts';
import { services } from '../services.ts';
import { type NodeHandler, startFrontServer } from './server.ts';

/**
 * Serves the build until the process is told to stop. Procedures and raw routes are answered at once; pages wait until
 * Next, behind the same server, has loaded.
 */
export async function serveBuild(env: Env): Promise<void> {
  lifecycle.starting = true;
  const next = Promise.withResolvers<NodeHandler>();
  const front = await startFrontServer({ env, next: next.promise });
  next.resolve(loadNext(env));

  let stopping = false;
  async function stop(): Promise<void> {
    if (stopping) return;
    stopping = true;
    await front.stop();
    await services().mail.stop();
    process.exit(0);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
}

async function loadNext(env: Env): Promise<NodeHandler> {
  try {
    const { default: createNext } = await import('next');
    const app = createNext({ dev: false, port: env.PORT });
    await app.prepare();
    lifecycle.starting = false;
    return app.getRequestHandler();
  } catch (error) {
    log().fatal({ err: error }, 'the build could not be loaded');
    process.exit(1);
  }
}
