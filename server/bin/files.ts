/**
 * Manages uploaded files: `npm run files -- list|remove|remove-of`. Uses the settings of the product, which may be running.
 */
import { customBuckets } from '#server/custom/buckets.ts';
import type { Env } from '../config/env.ts';
import { createFiles, type Files } from '../files/file-service.ts';
import { productBuckets } from '../files/product-buckets.ts';
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

const usage = `Usage: npm run files -- <command>

  list [--user <id>] [--limit 50]
  remove <id…>           deletes files permanently
  remove-of <user id…>   deletes all files of users permanently
`;

const options = { user: { type: 'string' }, limit: { type: 'string', default: '50' } } as const;

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parseArguments(args, options, usage);
  const [command, ...ids] = positionals;
  const db = await openDatabase(env, log);
  const buckets = [...productBuckets, ...customBuckets];
  const files = createFiles({ env, log, buckets, database: { open: async () => db } });
  try {
    if (command === 'list') return await list(files, values);
    const action = actionOf(command, files);
    if (!action || ids.length === 0) throw new UsageError(usage);
    return await actOnAll(ids, action, 'File');
  } finally {
    await files.close();
    await db.close();
  }
}

function actionOf(command: string | undefined, { operations }: Files): Action | undefined {
  switch (command) {
    case 'remove':
      return async (id) => ((await operations.remove(id)) ? `${id} is deleted.` : undefined);
    case 'remove-of':
      return async (id) => `${id}: ${await operations.removeOf(id)} files are deleted.`;
    default:
      return undefined;
  }
}

async function list(
  { operations }: Files,
  { user, limit: limitText }: { user?: string; limit: string },
): Promise<string> {
  const limit = parseLimit(limitText, usage);
  const files = await operations.list({ userId: user, limit });
  if (files.length === 0) return 'There are no files.';
  return files
    .map(({ id, status, createdAt, bucket, userId, bytes, mediaType, name }) =>
      [id, status.padEnd(7), new Date(createdAt).toISOString(), bucket, userId, bytes, mediaType, name]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

await runCommand(usage, run);
