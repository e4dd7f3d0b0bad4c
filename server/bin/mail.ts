/**
 * Manages the outbox: `npm run mail -- list|show|release|requeue|discard`. Uses the database of the settings. The product
 * may be running.
 */
import type { Env } from '../config/env.ts';
import { createOutbox, type Outbox } from '../mail/outbox.ts';
import { mailStates } from '../mail/tables.ts';
import type { Logger } from '../observability/log.ts';
import { openDatabase } from '../storage/open-database.ts';
import {
  type Action,
  actOnAll,
  parseArguments,
  parseLimit,
  runCommand,
  UsageError,
} from './operator-command.ts';

const usage = `Usage: npm run mail -- <command>

  list [--status ${mailStates.join('|')}] [--limit 50]
  show <id>
  release <id…>   delivers suspected mails
  requeue <id…>   restarts delivery of dead, held, queued or suspected mails, with no attempts counted
  discard <id…>   deletes mails permanently, unless they are being sent
`;

const options = { status: { type: 'string' }, limit: { type: 'string', default: '50' } } as const;

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parseArguments(args, options, usage);
  const [command, ...ids] = positionals;
  const db = await openDatabase(env, log);
  try {
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL });
    if (command === 'list') return await list(outbox, values);
    const change = changeOf(command, outbox);
    if (!change || ids.length === 0) throw new UsageError(usage);
    return await actOnAll(ids, change, 'Mail');
  } finally {
    await db.close();
  }
}

function changeOf(command: string | undefined, outbox: Outbox): Action | undefined {
  const requeue: Action = async (id) => ((await outbox.requeue(id)) ? `${id} is queued.` : undefined);
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

async function list(outbox: Outbox, values: { status?: string; limit: string }): Promise<string> {
  const status = mailStates.find((known) => known === values.status);
  if (values.status !== undefined && !status) throw new UsageError(usage);
  const limit = parseLimit(values.limit, usage);
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

await runCommand(usage, run);
