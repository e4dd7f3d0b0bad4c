import { ConfigurationError, env } from './config/env.ts';
import { watchEventLoop } from './observability/event-loop.ts';
import { startTelemetry } from './observability/tracing/start.ts';
import { coordinator } from './process/coordinator.ts';
import { lifecycle } from './process/lifecycle.ts';
import { services } from './services.ts';

/**
 * Starts the background work: mail delivery and jobs, including the backlog, telemetry, and the watch on the event loop. An
 * invalid setting ends the process with a message that names it. Other failures are retried while requests are already
 * served.
 */
export function startBackground(): void {
  try {
    env();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const { mail, jobs, identity, metrics, env: validEnv, log, stop } = services();
  const telemetry = startTelemetry({ env: validEnv, log, traces: true, gather: metrics.json });
  const shared = coordinator();
  const work = {
    start() {
      mail.start();
      jobs.start();
      identity?.startSweeping();
    },
    async stop() {
      identity?.stopSweeping();
      await Promise.all([mail.pause(), jobs.pause()]);
    },
  };
  if (shared) {
    const wake = () => {
      mail.wake();
      jobs.wake();
    };
    shared.registerMailDelivery({ ...work, wake });
  } else work.start();
  // The node server watches the event loop itself once it has started. It accepts mails for a while after the signal,
  // and stops delivery once it accepts no more.
  if (lifecycle.hasNodeServer) return;
  // The development server compiles pages in this process, which blocks it all the time.
  if (validEnv.NODE_ENV === 'production') watchEventLoop({ log, metrics });
  async function shutdown(): Promise<void> {
    await stop();
    // Flushed but not stopped, because requests may still be running.
    await (await telemetry).flush();
  }
  process.once('SIGTERM', () => void shutdown());
}
