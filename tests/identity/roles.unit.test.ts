import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '#tests/mail/support.ts';
import { startUserTexts } from '#tests/support/upstreams/user-texts.ts';
import type { TestBrowser } from './browser.ts';
import { newBrowser, withIdentity } from './in-process.ts';
import { signInAt, startInstance, userOf } from './instance.ts';

const drafts = await startUserTexts('drafts');
const identity = withIdentity(
  { FIXTURE_DRAFTS_URL: drafts.url },
  { resources: { [drafts.url]: drafts.scopes } },
);
beforeAll(() => drafts.trust(identity.provider.issuer));
afterAll(() => drafts.close());
beforeEach(() => identity.provider.changedRoles.clear());

async function rolesOf(browser: TestBrowser): Promise<string[]> {
  const { data } = await browser.call('session.current');
  return Object(data).user.roles;
}

async function kindsOf(browser: TestBrowser): Promise<unknown[]> {
  const { data } = await browser.call('account.history');
  return Array.isArray(data) ? data.map(({ kind }) => kind) : [];
}

/** Needs an access token, so it refreshes a session that has none. */
const refresh = (browser: TestBrowser) => browser.call('proxy.drafts.list', {});

/** Answers token requests in the place of the provider. */
function answerTokens(more: Record<string, unknown>): void {
  identity.provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', expires_in: 60, ...more }));
    return true;
  };
  onTestFinished(() => {
    identity.provider.intercept = undefined;
  });
}

const idToken = (subject: string, roles: string[]) => {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: identity.provider.issuer, aud: 'typed-bff', sub: subject, iat: now, exp: now + 60 };
  return identity.provider.sign({ ...claims, roles });
};

test('roles that the provider changes count after the next refresh', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  expect(await rolesOf(browser)).toEqual(['editor', 'owner']);
  identity.provider.changedRoles.set('ada', ['author']);
  expect(await rolesOf(browser)).toEqual(['editor', 'owner']);
  expect((await refresh(browser)).status).toBe(200);
  expect(await rolesOf(browser)).toEqual(['author', 'owner']);
  expect(await kindsOf(browser)).toContain('roles_changed');
});

test('the same roles in another order are no change', async () => {
  identity.provider.changedRoles.set('bob', ['a', 'b']);
  const browser = newBrowser();
  await browser.signIn('bob');
  identity.provider.changedRoles.set('bob', ['b', 'a']);
  await refresh(browser);
  expect(await kindsOf(browser)).not.toContain('roles_changed');
});

test('without roles in the response of a refresh, those of the sign-in stay', async () => {
  const browser = newBrowser();
  await browser.signIn('grace');
  answerTokens({});
  await refresh(browser);
  expect(await rolesOf(browser)).toEqual(['admin']);
});

test('an ID token of another user changes no roles', async () => {
  const browser = newBrowser();
  await browser.signIn('bob');
  answerTokens({ id_token: await idToken('grace', ['admin']) });
  await refresh(browser);
  expect(await rolesOf(browser)).toEqual([]);
  // The same with the right user shows that the token is otherwise accepted.
  identity.provider.intercept = undefined;
  const other = newBrowser();
  await other.signIn('bob');
  answerTokens({ id_token: await idToken('bob', ['admin']) });
  await refresh(other);
  expect(await rolesOf(other)).toEqual(['admin']);
});

test('a role that is taken from the setting is gone with the next start, and another one is there', async () => {
  const storage = { DATA_DIR: tempDir(), DATABASE_URL: undefined };
  const start = (roles: string) => startInstance({ storage, provider: identity.provider, roles });
  const [before, after] = [start('owner=ada@people.example'), start('author=ada@people.example')];
  const cookie = await signInAt(before, before);
  expect((await userOf(before, cookie)).roles).toEqual(['editor', 'owner']);
  expect((await userOf(after, cookie)).roles).toEqual(['editor', 'author']);
});
