import { ConfigurationError, env } from './config/env.ts';
import { startTelemetry } from './observability/tracing/start.ts';
import { coordinator } from './process/coordinator.ts';
import { lifecycle } from './process/lifecycle.ts';
import { services } from './services.ts';

/**
 * Starts what runs beside the requests: mails that wait from before are delivered. A setting that cannot be
 * used ends the process with its name; anything else is retried while the product already answers.
 */
export function startBackground(): void {
  try {
    env();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const { mail, metrics, env: settings, log } = services();
  const telemetry = startTelemetry({ env: settings, log, traces: true, gather: metrics.json });
  const shared = coordinator();
  if (shared) shared.offerDelivery({ begin: mail.start, end: mail.pause, wake: mail.wake });
  else mail.start();
  // It may still accept mails for a while after the signal, and stops delivery when it accepts no more.
  if (lifecycle.ownsShutdown) return;
  async function end(): Promise<void> {
    await mail.stop();
    // Not stopped: requests may still run.
    await (await telemetry).flush();
  }
  process.once('SIGTERM', () => void end());
}
