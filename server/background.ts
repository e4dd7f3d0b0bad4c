import { ConfigurationError, env } from './env.ts';
import { machine } from './machine.ts';
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
  const { mail } = services();
  const shared = machine();
  if (shared) shared.offerDelivery({ begin: mail.start, end: mail.rest, wake: mail.wake });
  else mail.start();
  process.once('SIGTERM', () => void mail.stop());
}
