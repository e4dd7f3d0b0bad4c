/**
 * Manages the outbox: `npm run mail -- list|show|release|requeue|discard`. Uses the database of the settings. The product
 * may be running.
 */
import { parseArgs } from 'node:util';
import { ConfigurationError, type Env, parseEnv } from '../config/env.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import { mailStates } from '../mail/tables.ts';
import { createLogger, type Logger } from '../observability/log.ts';
import { openDatabase } from '../storage/open-database.ts';

const usage = `Usage: npm run mail -- <command>

  list [--status ${mailStates.join('|')}] [--limit 50]
  show <id>
  release <id…>   delivers suspected mails
  requeue <id…>   restarts delivery of dead, held, queued or suspected mails, with no attempts counted
  discard <id…>   deletes mails permanently, unless they are being sent
`;

/** Invalid arguments. The message is shown without a stack. */
class UsageError extends Error {}

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parse(args);
  const [command, ...ids] = positionals;
  const db = await openDatabase(env, log);
  try {
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL });
    if (command === 'list') return await list(outbox, values);
    const change = changeOf(command, outbox);
    if (!change || ids.length === 0) throw new UsageError(usage);
    return await changeAll(ids, change);
  } finally {
    await db.close();
  }
}

/** Changes or reads one mail and returns the text to print, or undefined if the mail does not allow it. */
type Change = (id: string) => Promise<string | undefined>;

function changeOf(command: string | undefined, outbox: Outbox): Change | undefined {
  const requeue: Change = async (id) => ((await outbox.requeue(id)) ? `${id} is queued.` : undefined);
  switch (command) {
    case 'show':
      return async (id) => {
        const mail = await outbox.get(id);
        return mail && JSON.stringify(mail, null, 2);
      };
    case 'release':
      return async (id) => ((await outbox.get(id))?.status === 'suspected' ? requeue(id) : undefined);
    case 'requeue':
      return requeue;
    case 'discard':
      return async (id) => ((await outbox.discard(id)) ? `${id} is deleted.` : undefined);
    default:
      return undefined;
  }
}

/** @throws UsageError that lists every outcome, if a mail did not allow its change */
async function changeAll(ids: readonly string[], change: Change): Promise<string> {
  const lines: string[] = [];
  let failed = false;
  for (const id of ids) {
    const done = await change(id);
    failed ||= done === undefined;
    lines.push(done ?? `Mail ${id} does not exist or is in a state that does not allow this.`);
  }
  const text = lines.join('\n');
  if (failed) throw new UsageError(text);
  return text;
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
  const status = mailStates.find((known) => known === values.status);
  if (values.status !== undefined && !status) throw new UsageError(usage);
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(usage);
  const mails = await outbox.list({ status, limit });
  const lines = mails.map((mail) =>
    [
      mail.id,
      mail.status.padEnd(9),
      mail.acceptedAt.toISOString(),
      mail.attempts,
      mail.suspicion ?? mail.lastError ?? '',
    ].join('  '),
  );
  const counts = Object.entries(await outbox.counts()).map(([name, count]) => `${name} ${count}`);
  return [...lines, counts.join(', ')].join('\n');
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
