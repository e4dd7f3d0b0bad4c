import next from 'next';
import type { Env } from '../env.ts';
import { services } from '../services.ts';
import { startFrontServer } from './server.ts';

/** Serves the build: Next behind the front server, until the process is told to stop. */
export async function serveBuild(env: Env): Promise<void> {
  const app = next({ dev: false, port: env.PORT });
  await app.prepare();
  const front = await startFrontServer({
    env,
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
