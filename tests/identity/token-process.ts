/** A process that gets access tokens for a test: one line of JSON in, one out. */
import { createInterface } from 'node:readline';
import { parseEnv } from '#server/config/env.ts';
import { createIdentity } from '#server/identity/create-identity.ts';
import { createLogger } from '#server/observability/log.ts';
import { createLazyDatabase } from '#server/storage/lazy-database.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';
import { type TokenTask, tokenTaskSchema } from './token-task.ts';

const env = parseEnv(process.env);
const log = createLogger({ level: 'silent' });
const database = createLazyDatabase({ env, log });
const upstreams = createUpstreamClient(env);
const identity = createIdentity({ env, log, database, upstreams });
if (!identity) throw new Error('sign-in is off');

async function run({ cookie, target, calls, refused }: TokenTask): Promise<string[]> {
  const found = await identity?.find(cookie);
  if (found?.kind !== 'user') return Array.from({ length: calls }, () => `the session is ${found?.kind}`);
  return Promise.all(
    Array.from({ length: calls }, async () => {
      try {
        return String(await identity?.callUser(found.user).accessToken(target, { refused }));
      } catch (error) {
        return String(Reflect.get(Object(error), 'reason'));
      }
    }),
  );
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(tokenTaskSchema.parse(JSON.parse(line))))}\n`);
}
identity.close();
await upstreams.close();
await database.close();
