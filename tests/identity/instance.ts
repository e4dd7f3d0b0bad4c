import { onTestFinished } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { createIdentity } from '#server/identity/create-identity.ts';
import type { Identity, IdentityOptions } from '#server/identity/identity.ts';
import { createLogger, type Logger } from '#server/observability/log.ts';
import { connectRedis } from '#server/redis.ts';
import type { Database } from '#server/storage/database.ts';
import { createLazyDatabase } from '#server/storage/lazy-database.ts';
import { openDatabase } from '#server/storage/open-database.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';
import type { StorageEnv } from '#tests/mail/support.ts';
import type { IdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { TestBrowser } from './browser.ts';

export const siteUrl = 'http://localhost:3000';
export const device = 'Firefox on Linux';
export const secret = 'a secret that all instances share';

const silent = createLogger({ level: 'silent' });

/** Starts the sign-in of an instance on its own connections. It is closed after the test. */
export function startInstance(options: {
  storage: StorageEnv;
  provider: IdentityProvider;
  redisUrl?: string | undefined;
  secrets?: string;
  targets?: IdentityOptions['targets'];
  roles?: string;
  log?: Logger;
}): Identity {
  const { storage, provider, redisUrl, secrets = secret, targets, roles, log = silent } = options;
  const env = parseEnv({
    NODE_ENV: 'production',
    DATA_DIR: storage.DATA_DIR,
    DATABASE_URL: storage.DATABASE_URL,
    SITE_URL: siteUrl,
    SESSION_SECRETS: secrets,
    ROLES: roles,
    ...provider.env,
  });
  const database = createLazyDatabase({ env, log });
  const upstreams = createUpstreamClient(env);
  const redis = redisUrl === undefined ? undefined : connectRedis(redisUrl, log);
  const identity = createIdentity({ env, log, database, upstreams, redis, targets });
  if (!identity) throw new Error('sign-in is off');
  onTestFinished(async () => {
    identity.close();
    redis?.close();
    await upstreams.close();
    await database.close();
  });
  return identity;
}

/** Opens the database of instances. It is closed after the test. */
export async function openDatabaseOf(storage: StorageEnv): Promise<Database> {
  const db = await openDatabase(storage, silent);
  onTestFinished(() => db.close());
  return db;
}

/** Begins a sign-in at an instance. @returns the query of the callback */
export async function beginAt(
  identity: Identity,
  options: { browser?: string | undefined; person?: string } = {},
): Promise<{ browser: string; search: string }> {
  const { url, browser } = await identity.beginSignIn({
    browser: options.browser,
    session: undefined,
    returnTo: '/',
    isFresh: false,
  });
  const noProduct = () => Promise.reject(new Error('not used'));
  const callback = await new TestBrowser(siteUrl, noProduct).choose(url, options.person ?? 'ada');
  return { browser, search: new URL(callback, siteUrl).search };
}

/** Finishes a sign-in. @returns the session cookie */
export async function finishAt(
  identity: Identity,
  { browser, search }: { browser: string; search: string },
): Promise<string> {
  const finished = await identity.finishSignIn({ browser, search, device });
  if (finished.kind === 'failed') throw finished.error;
  if (finished.kind === 'not_linked') throw new Error('no session began');
  return finished.cookie;
}

/** Signs Ada in at one instance and returns the session cookie. The callback may arrive at another one. */
export async function signInAt(first: Identity, second: Identity): Promise<string> {
  return finishAt(second, await beginAt(first));
}

export async function userOf(identity: Identity, cookie: string) {
  const found = await identity.find(cookie);
  if (found.kind !== 'user') throw new Error(`the session is ${found.kind}`);
  return found.user;
}
