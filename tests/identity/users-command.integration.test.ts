import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Identity } from '#server/identity/identity.ts';
import { tempDir } from '#tests/mail/support.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { exitOf, runNode } from '#tests/support/processes.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import {
  beginAt,
  device,
  finishAt,
  openDatabaseOf,
  secret,
  signInAt,
  siteUrl,
  startInstance,
  userOf,
} from './instance.ts';

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({ siteUrl });
});
afterAll(() => provider.close());

const untilEnded = (identity: Identity, cookie: string) =>
  expect.poll(async () => (await identity.find(cookie)).kind, { timeout: 20_000 }).toBe('ended');

onEachStorage((storage) => {
  test('an operator disables and enables a user, and another instance knows', async () => {
    const [identity, other] = [1, 2].map(() => startInstance({ storage: storage(), provider }));
    if (!identity || !other) throw new Error('two instances are needed');
    const { operations } = other;
    const cookie = await signInAt(identity, identity);
    const { id } = await userOf(identity, cookie);
    expect(await operations.list({ email: 'ADA@people.example', limit: 5 })).toMatchObject([{ id }]);
    expect(await operations.list({ email: 'nobody@people.example', limit: 5 })).toEqual([]);

    provider.requests.length = 0;
    expect(await operations.disable(id)).toBe(true);
    expect(await operations.disable(id)).toBe(false);
    expect(provider.requests.map(({ path }) => path)).toContain('/token/revocation');
    await untilEnded(identity, cookie);
    const refused = await identity.finishSignIn({ ...(await beginAt(identity)), device });
    expect(refused).toMatchObject({ kind: 'failed', error: { reason: 'sign_in_denied' } });

    // A sign-in that was on its way.
    const db = await openDatabaseOf(storage());
    await db.queries.updateTable('user_session').set({ ended_at: null, ended_why: null }).execute();
    expect(await operations.enable(id)).toBe(true);
    expect(await operations.enable(id)).toBe(false);
    await untilEnded(identity, cookie);
    const again = await finishAt(identity, await beginAt(identity));
    expect(await operations.endSessions(id)).toBe(1);
    expect(await operations.endSessions('nobody')).toBeUndefined();
    await untilEnded(identity, again);
    const kinds = (await operations.get(id))?.history.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['disabled', 'enabled', 'ended_by_operator']));
  });
});

test('npm run users shows and disables users beside a running instance', { timeout: 60_000 }, async () => {
  const storage = { DATA_DIR: tempDir(), DATABASE_URL: undefined };
  const identity = startInstance({ storage, provider });
  const cookie = await signInAt(identity, identity);
  const { id } = await userOf(identity, cookie);
  const env = { ...storage, DATABASE_URL: '', SITE_URL: siteUrl, SESSION_SECRETS: secret, ...provider.env };
  const users = (...args: string[]) =>
    exitOf(
      runNode(['--disable-warning=ExperimentalWarning', resolve('server/bin/users.ts'), ...args], { env }),
    );

  expect((await users('list', '--email', 'ada@people.example')).output).toContain(id);
  expect(await users('disable', id)).toEqual({ code: 0, output: `${id} is disabled.\n` });
  await untilEnded(identity, cookie);
  const { code, output } = await users('show', id, 'nobody');
  expect(code).toBe(2);
  expect(output).toContain('"kind": "disabled"');
  expect(output).toContain('User nobody does not exist');
  expect(output).not.toMatch(/eyJ|sealed|hash/);
  expect((await users('remove', id)).output).toContain('Usage:');
});
