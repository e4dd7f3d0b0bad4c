/**
 * `npm run restore -- FILE`: replaces the SQLite file of DATA_DIR by a backup. Stop the product first.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Env } from '../config/env.ts';
import { RestoreError, restoreSqlite } from '../storage/restore-sqlite.ts';
import { runCommand, UsageError } from './operator-command.ts';

const usage = `Usage: npm run restore -- FILE [--force]

  --force   replaces an existing database, which is kept under another name, and accepts a backup of a later version
`;

async function run(args: string[], env: Env): Promise<string> {
  const { backup, force } = parse(args);
  if (env.DATABASE_URL !== undefined) {
    throw new UsageError(
      'The data is in DATABASE_URL. Stop the product, then: pg_restore --clean --if-exists --no-owner --exit-on-error --dbname="$DATABASE_URL" FILE',
    );
  }
  try {
    const { replaced } = await restoreSqlite({ backup, dataDir: env.DATA_DIR, force });
    const kept = replaced === undefined ? [] : [`The database before is ${resolve(replaced)}.`];
    return [
      `${resolve(backup)} is restored to ${resolve(env.DATA_DIR)}.`,
      ...kept,
      'Mails that were sent after the backup are sent again: see "npm run mail -- list --status queued" before the start.',
    ].join('\n');
  } catch (error) {
    throw error instanceof RestoreError ? new UsageError(error.message) : error;
  }
}

function parse(args: string[]): { backup: string; force: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { force: { type: 'boolean', default: false } },
    });
    const [backup, ...rest] = positionals;
    if (backup !== undefined && rest.length === 0) return { backup, force: values.force };
  } catch {
    // An unknown option.
  }
  throw new UsageError(usage);
}

await runCommand(usage, run);
