/**
 * A process that takes mails and delivers them, as one instance of the product does. It is told what to send by
 * lines on standard input, answers each by a line on standard output, and ends on SIGTERM.
 */
import { createInterface } from 'node:readline';
import { isAppError } from '#server/errors.ts';
import { createMail } from '#server/mail/mail-service.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { orderSchema, type WorkerLine, workerSettingsSchema } from './protocol.ts';

const { env, timing } = workerSettingsSchema.parse(JSON.parse(process.argv[2] ?? ''));
const mail = createMail({
  env: { ...env, NODE_ENV: 'production', DEMO: false, DATABASE_URL: env.DATABASE_URL },
  log: createLogger({ level: 'silent' }),
  timing: { ...mailTiming, ...timing },
});

function tell(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function send(line: string): Promise<void> {
  const draft = orderSchema.parse(JSON.parse(line));
  const key = draft.idempotencyKey;
  try {
    const { id, messageId } = await mail.send(draft);
    tell({ kind: 'accepted', key, id, messageId });
  } catch (error) {
    if (!isAppError(error)) throw error;
    tell({ kind: 'refused', key, reason: error.reason });
  }
}

process.once('SIGTERM', () => void mail.stop().then(() => process.exit(0)));
mail.start();
createInterface({ input: process.stdin }).on('line', (line) => void send(line));
tell({ kind: 'ready' });
