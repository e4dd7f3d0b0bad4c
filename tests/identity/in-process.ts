import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import { toResponse } from '#server/http/response.ts';
import { findRoute } from '#server/routes/route-table.ts';
import { services } from '#server/services.ts';
import type { Database } from '#server/storage/database.ts';
import {
  type IdentityProvider,
  type IdentityProviderOptions,
  startIdentityProvider,
} from '#tests/support/upstreams/identity-provider.ts';
import { type Send, TestBrowser } from './browser.ts';

export const siteUrl = 'http://localhost:3000';

/** Sends a request to the handlers of this process. */
export const send: Send = async (url, init = {}) => {
  const request = new Request(url, init);
  const handler = findRoute(new URL(url).pathname);
  if (!handler) throw new Error(`no route for ${url}`);
  return toResponse(await handler(request));
};

export const newBrowser = () => new TestBrowser(siteUrl, send);

export type IdentityTest = {
  readonly provider: IdentityProvider;
  database(): Promise<Database>;
  /** Moves the times of all sessions and sign-ins into the past: a database's clock cannot be set. */
  pass(milliseconds: number): Promise<void>;
};

/** Runs the services of this process with a provider of made-up people, and stops both after the test file. */
export function withIdentity(
  settings: Record<string, string> = {},
  options: Omit<IdentityProviderOptions, 'siteUrl'> = {},
): IdentityTest {
  let provider: IdentityProvider | undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-identity-'));
  const current = () => {
    if (!provider) throw new Error('the provider has not started yet');
    return provider;
  };

  beforeAll(async () => {
    provider = await startIdentityProvider({ siteUrl, ...options });
    const all = {
      DATA_DIR: dataDir,
      LOG_LEVEL: 'silent',
      SITE_URL: siteUrl,
      RATE_LIMITS: 'light=1000000/60,signIn=1000000/60',
      ROLES: 'owner=ada@people.example',
      ...provider.env,
      ...settings,
    };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  });
  beforeEach(() => {
    const { requests } = current();
    requests.length = 0;
    current().intercept = undefined;
  });
  afterAll(async () => {
    await services().stop();
    await services().upstreams.close();
    await provider?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const database = () => services().database.open();
  return {
    get provider() {
      return current();
    },
    database,
    async pass(milliseconds) {
      const { queries } = await database();
      await queries
        .updateTable('user_session')
        .set((eb) => ({
          created_at: eb('created_at', '-', milliseconds),
          last_seen_at: eb('last_seen_at', '-', milliseconds),
          ends_at: eb('ends_at', '-', milliseconds),
          authenticated_at: eb('authenticated_at', '-', milliseconds),
        }))
        .execute();
      await queries
        .updateTable('sign_in')
        .set((eb) => ({
          created_at: eb('created_at', '-', milliseconds),
          ends_at: eb('ends_at', '-', milliseconds),
        }))
        .execute();
      await queries
        .updateTable('email_sign_in')
        .set((eb) => ({
          created_at: eb('created_at', '-', milliseconds),
          ends_at: eb('ends_at', '-', milliseconds),
          next_attempt_at: eb('next_attempt_at', '-', milliseconds),
        }))
        .execute();
      forgetSessions();
    },
  };
}

/** Makes the next look-up of a session ask the database, as after `limits.identity.sessionFreshFor`. */
export function forgetSessions(): void {
  services().identity?.forgetSessions();
}
