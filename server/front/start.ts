import next from 'next';
import type { Env } from '../env.ts';
import { services } from '../services.ts';
import { startFrontServer } from './server.ts';

/** Serves the build: Next behind the front server, until the process is told to stop. */
export async function serveBuild(env: Pick<Env, 'PORT' | 'TRUSTED_PROXY_HOPS'>): Promise<void> {
  const app = next({ dev: false, port: env.PORT });
  await app.prepare();
  const front = await startFrontServer({
    port: env.PORT,
    trustedHops: env.TRUSTED_PROXY_HOPS,
    handle: app.getRequestHandler(),
  });

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
