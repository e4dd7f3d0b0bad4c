/**
 * A process that accepts and delivers mails like an instance of the product. Reads one mail per line from standard
 * input, writes one line with the outcome to standard output, and exits on SIGTERM.
 */
import { createInterface } from 'node:readline';
import { isAppError } from '#server/errors.ts';
import { createMail } from '#server/mail/mail-service.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { createLazyDatabase } from '#server/storage/lazy-database.ts';
import { mailRequestSchema, type WorkerLine, workerSettingsSchema } from './protocol.ts';

const { env, timing } = workerSettingsSchema.parse(JSON.parse(process.argv[2] ?? ''));
const log = createLogger({ level: 'silent' });
const database = createLazyDatabase({ env: { ...env, DATABASE_URL: env.DATABASE_URL }, log });
const mail = createMail({
  env: { ...env, NODE_ENV: 'production', DEMO: false },
  log,
  database,
  timing: { ...mailTiming, ...timing },
});

function write(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function send(line: string): Promise<void> {
  const draft = mailRequestSchema.parse(JSON.parse(line));
  const key = draft.idempotencyKey;
  try {
    const { id, messageId } = await mail.send(draft);
    write({ kind: 'accepted', key, id, messageId });
  } catch (error) {
    if (!isAppError(error)) throw error;
    write({ kind: 'rejected', key, reason: error.reason });
  }
}

async function stop(): Promise<void> {
  await mail.pause();
  await database.close();
  process.exit(0);
}

process.once('SIGTERM', () => void stop());
mail.start();
createInterface({ input: process.stdin }).on('line', (line) => void send(line));
write({ kind: 'ready' });
