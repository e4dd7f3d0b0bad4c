/**
 * Manages the outbox: `npm run mail -- list|show|requeue|discard|migrate`. Uses the mail storage of the settings. The
 * product may be running, except during `migrate`.
 */
import { parseArgs } from 'node:util';
import { ConfigurationError, type Env, parseEnv } from '../config/env.ts';
import { mailStatuses } from '../mail/database.ts';
import { migrateMails } from '../mail/migrate.ts';
import { openMailDatabase } from '../mail/open-database.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import { createLogger, type Logger } from '../observability/log.ts';

const usage = `Usage: npm run mail -- <command>

  list [--status queued|sending|sent|dead|held] [--limit 50]
  show <id>
  requeue <id>    restarts delivery of a dead, held or queued mail, with no attempts counted
  discard <id>    deletes a mail permanently, unless it is being sent
  migrate         copies all mails from the SQLite file in DATA_DIR to DATABASE_URL; stop the product first
`;

/** Invalid arguments. The message is shown without a stack. */
class UsageError extends Error {}

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parse(args);
  const [command, id] = positionals;
  if (command === 'migrate') {
    if (!env.DATABASE_URL) throw new UsageError('DATABASE_URL is not set: there is no database to copy to.');
    const { copied, skipped } = await migrateMails({ dataDir: env.DATA_DIR, url: env.DATABASE_URL, log });
    return `${copied} mails copied, ${skipped} already existed. The SQLite file is unchanged.`;
  }
  const db = await openMailDatabase(env, log);
  try {
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL });
    if (command === 'list') return await list(outbox, values);
    if (!id) throw new UsageError(usage);
    switch (command) {
      case 'show':
        return JSON.stringify(found(id, await outbox.get(id)), null, 2);
      case 'requeue':
        return found(id, (await outbox.requeue(id)) || undefined) && `${id} is queued.`;
      case 'discard':
        return found(id, (await outbox.discard(id)) || undefined) && `${id} is deleted.`;
      default:
        throw new UsageError(usage);
    }
  } finally {
    await db.close();
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { status: { type: 'string' }, limit: { type: 'string', default: '50' } },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : ''}\n\n${usage}`);
  }
}

async function list(outbox: Outbox, values: { status?: string; limit: string }): Promise<string> {
  const status = mailStatuses.find((known) => known === values.status);
  if (values.status !== undefined && !status) throw new UsageError(usage);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(usage);
  const mails = await outbox.list({ status, limit });
  const lines = mails.map((mail) =>
    [mail.id, mail.status.padEnd(7), mail.acceptedAt.toISOString(), mail.attempts, mail.lastError ?? ''].join(
      '  ',
    ),
  );
  const counts = Object.entries(await outbox.counts()).map(([name, count]) => `${name} ${count}`);
  return [...lines, counts.join(', ')].join('\n');
}

function found<T>(id: string, value: T | undefined): T {
  if (value === undefined)
    throw new UsageError(`Mail ${id} does not exist or is in a state that does not allow this.`);
  return value;
}

try {
  const log = createLogger({
    level: 'warn',
    destination: { write: (line) => void process.stderr.write(line) },
  });
  console.log(await run(process.argv.slice(2), parseEnv(process.env), log));
} catch (error) {
  const isUserFacing = error instanceof UsageError || error instanceof ConfigurationError;
  console.error(isUserFacing ? error.message : error);
  process.exitCode = isUserFacing ? 2 : 1;
}
