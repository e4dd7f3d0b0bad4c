/**
 * Manages jobs: `npm run jobs -- list|show|requeue|discard`. Uses the database of the settings. The product may be
 * running.
 */
import type { Env } from '../config/env.ts';
import { createJobQueue } from '../jobs/job-queue.ts';
import type { JobOperations } from '../jobs/operations.ts';
import { jobStatuses } from '../jobs/tables.ts';
import { jobTiming } from '../jobs/timing.ts';
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

const usage = `Usage: npm run jobs -- <command>

  list [--status ${jobStatuses.join('|')}] [--name <job>] [--limit 50]
  show <id>
  requeue <id…>   restarts dead or queued jobs, with no attempts counted
  discard <id…>   deletes jobs permanently, unless they are running
`;

const options = {
  status: { type: 'string' },
  name: { type: 'string' },
  limit: { type: 'string', default: '50' },
} as const;

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parseArguments(args, options, usage);
  const [command, ...ids] = positionals;
  const db = await openDatabase(env, log);
  try {
    const jobs = createJobQueue(db, jobTiming);
    if (command === 'list') return await list(jobs, values);
    const action = actionOf(command, jobs);
    if (!action || ids.length === 0) throw new UsageError(usage);
    return await actOnAll(ids, action, 'Job');
  } finally {
    await db.close();
  }
}

function actionOf(command: string | undefined, jobs: JobOperations): Action | undefined {
  switch (command) {
    case 'show':
      return async (id) => {
        const job = await jobs.get(id);
        return job && JSON.stringify(job, null, 2);
      };
    case 'requeue':
      return async (id) => ((await jobs.requeue(id)) ? `${id} is queued.` : undefined);
    case 'discard':
      return async (id) => ((await jobs.discard(id)) ? `${id} is deleted.` : undefined);
    default:
      return undefined;
  }
}

async function list(
  jobs: JobOperations,
  values: { status?: string; name?: string; limit: string },
): Promise<string> {
  const status = jobStatuses.find((known) => known === values.status);
  if (values.status !== undefined && !status) throw new UsageError(usage);
  const limit = parseLimit(values.limit, usage);
  const listed = await jobs.list({ status, name: values.name, limit });
  const lines = listed.map((job) =>
    [job.id, job.status.padEnd(7), job.acceptedAt.toISOString(), job.attempts, job.name, job.lastError ?? '']
      .join('  ')
      .trimEnd(),
  );
  const counts = (await jobs.counts()).map(({ name, status: each, count }) => `${name} ${each} ${count}`);
  return [...lines, counts.length === 0 ? 'There are no jobs.' : counts.sort().join(', ')].join('\n');
}

await runCommand(usage, run);
