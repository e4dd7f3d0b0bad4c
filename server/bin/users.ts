/**
 * Manages users: `npm run users -- list|show|end-sessions|disable|enable`. Uses the settings of the product, which may be
 * running: it knows within two seconds.
 */
import type { Env } from '../config/env.ts';
import { createIdentity } from '../identity/create-identity.ts';
import type { UserOperations, UserSummary } from '../identity/user-operations.ts';
import type { Logger } from '../observability/log.ts';
import { connectRedis } from '../redis.ts';
import { openDatabase } from '../storage/open-database.ts';
import { createUpstreamClient } from '../upstream-client/client.ts';
import {
  type Action,
  actOnAll,
  parseArguments,
  parseLimit,
  runCommand,
  UsageError,
} from './operator-command.ts';

const usage = `Usage: npm run users -- <command>

  list [--email <address>] [--limit 50]
  show <id>            ways to sign in, sessions and history
  end-sessions <id…>   ends all sessions
  disable <id…>        ends all sessions and refuses new sign-ins
  enable <id…>
`;

const options = { email: { type: 'string' }, limit: { type: 'string', default: '50' } } as const;

async function run(args: string[], env: Env, log: Logger): Promise<string> {
  const { values, positionals } = parseArguments(args, options, usage);
  const [command, ...ids] = positionals;
  const db = await openDatabase(env, log);
  const upstreams = createUpstreamClient(env);
  // With Redis, the running instances know at once.
  const redis = env.REDIS_URL ? connectRedis(env.REDIS_URL, log) : undefined;
  const identity = createIdentity({ env, log, database: { open: async () => db }, upstreams, redis });
  try {
    if (!identity) throw new UsageError('Sign-in is off: set OIDC_ISSUER or EMAIL_SIGN_IN.');
    const { operations } = identity;
    if (command === 'list') return await list(operations, values);
    const action = actionOf(command, operations);
    if (!action || ids.length === 0) throw new UsageError(usage);
    return await actOnAll(ids, action, 'User');
  } finally {
    identity?.close();
    redis?.close();
    await upstreams.close();
    await db.close();
  }
}

function actionOf(command: string | undefined, operations: UserOperations): Action | undefined {
  switch (command) {
    case 'show':
      return async (id) => {
        const user = await operations.get(id);
        return user && JSON.stringify(user, withDates, 2);
      };
    case 'end-sessions':
      return async (id) => {
        const count = await operations.endSessions(id);
        return count === undefined ? undefined : `${id}: ${count} sessions have ended.`;
      };
    case 'disable':
      return async (id) => ((await operations.disable(id)) ? `${id} is disabled.` : undefined);
    case 'enable':
      return async (id) => ((await operations.enable(id)) ? `${id} is enabled.` : undefined);
    default:
      return undefined;
  }
}

/** Shows times as text. */
function withDates(name: string, value: unknown): unknown {
  const isTime = typeof value === 'number' && (name === 'at' || name.endsWith('At'));
  return isTime ? new Date(value).toISOString() : value;
}

async function list(
  operations: UserOperations,
  { email, limit: limitText }: { email?: string; limit: string },
): Promise<string> {
  const limit = parseLimit(limitText, usage);
  const users = await operations.list({ email, limit });
  return users.length === 0 ? 'There is no such user.' : users.map(lineOf).join('\n');
}

function lineOf({ id, name, email, createdAt, disabledAt }: UserSummary): string {
  const state = disabledAt === null ? 'enabled ' : 'disabled';
  return [id, state, new Date(createdAt).toISOString(), email ?? '', name ?? ''].join('  ').trimEnd();
}

await runCommand(usage, run);
