import { describe, expect, test } from 'vitest';
import { services } from '#server/services.ts';
import { leadsTo, navigation, type TestBrowser } from './browser.ts';
import { forgetSessions, newBrowser, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();

const fromOwnPage = { 'sec-fetch-site': 'same-origin' };

/** Posts the form that begins to link an identity. */
const postLink = (browser: TestBrowser, headers: Record<string, string> = fromOwnPage) =>
  browser.request('/auth/link', { method: 'POST', headers, body: new URLSearchParams() });

/** Begins to link an identity. @returns the callback of the provider */
async function beginLink(browser: TestBrowser, person: string): Promise<string> {
  const url = await leadsTo(await postLink(browser));
  if (url === undefined) throw new Error('no sign-in began');
  return browser.choose(url, person);
}

/** Follows the way back from the provider, which the session cookie reaches with the second step. */
async function finishLink(browser: TestBrowser, callback: string): Promise<Response> {
  const next = await leadsTo(await browser.finish(callback));
  if (next === undefined) throw new Error('the callback leads nowhere');
  return browser.request(next.slice(siteUrl.length), { headers: { ...navigation, ...fromOwnPage } });
}

async function link(browser: TestBrowser, person: string): Promise<string | undefined> {
  return leadsTo(await finishLink(browser, await beginLink(browser, person)));
}

async function signedIn(person: string): Promise<TestBrowser> {
  const browser = newBrowser();
  await browser.signIn(person);
  return browser;
}

async function userOf(browser: TestBrowser): Promise<{ id: string; name: string }> {
  const { data } = await browser.call('session.current');
  return Object(data).user;
}

async function subjectsOf(browser: TestBrowser): Promise<unknown> {
  const { data } = await browser.call('account.identities.list');
  return Array.isArray(data) ? data.map(({ subject }) => subject) : data;
}

const historyOf = async (browser: TestBrowser) => {
  const { data } = await browser.call('account.history');
  return Array.isArray(data) ? data.map(({ kind }) => kind) : data;
};

async function reset(): Promise<void> {
  const { queries } = await identity.database();
  for (const table of ['audit_entry', 'access_token', 'user_session', 'user_identity'] as const)
    await queries.deleteFrom(table).execute();
  await queries.deleteFrom('user_account').execute();
  forgetSessions();
}

describe('linking', () => {
  test('lets a user sign in both ways, and begins a new session', async () => {
    await reset();
    const browser = await signedIn('ada');
    const { id } = await userOf(browser);
    const cookie = browser.cookie('session');
    expect(await link(browser, 'grace')).toBe(`${siteUrl}/account?linked=linked`);
    expect(browser.cookie('session')).not.toBe(cookie);
    expect(await userOf(browser)).toMatchObject({ id });
    expect(await subjectsOf(browser)).toEqual(['ada', 'grace']);
    expect(await historyOf(browser)).toContain('linked');
    for (const person of ['ada', 'grace']) expect(await userOf(await signedIn(person))).toMatchObject({ id });
    expect(await link(browser, 'ada')).toBe(`${siteUrl}/account?linked=known`);
  });

  test('never happens by equal addresses', async () => {
    await reset();
    const { queries } = await identity.database();
    const { id } = await userOf(await signedIn('ada'));
    await queries
      .updateTable('user_account')
      .set({ email: 'bob@people.example', email_verified_at: 1 })
      .where('id', '=', id)
      .execute();
    expect(await userOf(await signedIn('bob'))).not.toMatchObject({ id });
  });

  test('refuses the identity of another user and changes nothing', async () => {
    await reset();
    const bob = await signedIn('bob');
    const browser = await signedIn('ada');
    const before = [await userOf(browser), browser.cookie('session')];
    expect(await link(browser, 'bob')).toBe(`${siteUrl}/account?linked=taken`);
    expect([await userOf(browser), browser.cookie('session')]).toEqual(before);
    expect(await subjectsOf(browser)).toEqual(['ada']);
    expect(await subjectsOf(bob)).toEqual(['bob']);
    expect(await historyOf(browser)).not.toContain('linked');
  });

  test('requires a sign-in of the last five minutes', async () => {
    await reset();
    const browser = await signedIn('ada');
    await identity.pass(5 * 60_000);
    const response = await postLink(browser);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/account?problem=reauthentication_required');
    expect((await postLink(newBrowser())).headers.get('location')).toBe('/account?problem=sign_in_required');
  });

  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
  ])('does not begin for %s', async (_, headers) => {
    const browser = await signedIn('ada');
    expect((await postLink(browser, headers)).status).toBe(403);
    expect((await browser.request('/auth/link', { headers: navigation })).status).toBe(405);
  });

  test('ends with the session in which it began', async () => {
    await reset();
    const browser = await signedIn('ada');
    const callback = await beginLink(browser, 'grace');
    await browser.signIn('bob', { again: '1' });
    identity.provider.requests.length = 0;
    expect((await finishLink(browser, callback)).status).toBe(400);
    expect(identity.provider.requests.filter(({ path }) => path === '/token')).toEqual([]);
    expect(await userOf(browser)).toMatchObject({ name: 'Bob' });
    expect(await subjectsOf(browser)).toEqual(['bob']);
  });

  test('ends with a sign-out, and with a session that the user or the operator has ended', async () => {
    await reset();
    for (const end of ['sign-out', 'revoke', 'operator'] as const) {
      const browser = await signedIn('ada');
      const { id } = await userOf(browser);
      const callback = await beginLink(browser, 'grace');
      const cookie = browser.cookie('session') ?? '';
      if (end === 'sign-out') {
        await browser.request('/auth/sign-out', {
          method: 'POST',
          headers: fromOwnPage,
          body: new URLSearchParams(),
        });
        browser.setCookie('session', cookie);
      } else if (end === 'revoke') await (await signedIn('ada')).call('session.revokeOthers');
      else await services().identity?.operations.endSessions(id);
      expect(await leadsTo(await finishLink(browser, callback)), end).toBe(`${siteUrl}/account?linked=ended`);
    }
    expect(await subjectsOf(await signedIn('ada'))).toEqual(['ada']);
  });

  test('ends with a session that the provider has ended, also because the user changes accounts there', async () => {
    await reset();
    const browser = await signedIn('ada');
    const callback = await beginLink(browser, 'grace');
    const { queries } = await identity.database();
    const { provider_sid: sid } = await queries
      .selectFrom('user_session')
      .select('provider_sid')
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow();
    const token = await identity.provider.sign(
      {
        iss: identity.provider.issuer,
        aud: 'typed-bff',
        iat: Math.floor(Date.now() / 1_000),
        exp: Math.floor(Date.now() / 1_000) + 60,
        jti: 'change of accounts',
        sid,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
      'logout+jwt',
    );
    await newBrowser().request('/auth/backchannel-logout', {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    expect((await browser.call('session.current')).data).toMatchObject({ ended: true });
    expect(await leadsTo(await finishLink(browser, callback))).toBe(`${siteUrl}/account?linked=ended`);
    expect((await browser.call('session.current')).data).toMatchObject({ user: null });
    expect(await subjectsOf(await signedIn('ada'))).toEqual(['ada']);
  });

  test('cannot be finished by another browser, or with the session of another browser', async () => {
    await reset();
    const attacker = await signedIn('bob');
    const callback = await beginLink(attacker, 'grace');
    const victim = await signedIn('ada');
    expect((await finishLink(victim, callback)).status).toBe(400);
    const binding = attacker.cookie('sign-in');
    expect(binding).toBeDefined();
    const next = await beginLink(attacker, 'grace');
    victim.setCookie('sign-in', attacker.cookie('sign-in') ?? '');
    expect((await finishLink(victim, next)).status).toBe(400);
    expect(await subjectsOf(victim)).toEqual(['ada']);
    expect(await subjectsOf(attacker)).toEqual(['bob']);
  });
});

describe('unlinking', () => {
  const unlink = (browser: TestBrowser, subject: string) =>
    browser.call('account.identities.unlink', { issuer: identity.provider.issuer, subject });

  test('ends the sessions that began with the identity, and the next sign-in makes another user', async () => {
    await reset();
    const browser = await signedIn('ada');
    const { id } = await userOf(browser);
    await link(browser, 'grace');
    const [ada, grace] = [await signedIn('ada'), await signedIn('grace')];
    expect((await unlink(ada, 'grace')).data).toEqual({ outcome: 'unlinked' });
    expect((await grace.call('account.history')).reason).toBe('session_ended');
    expect(await historyOf(ada)).toContain('unlinked');
    expect(await subjectsOf(ada)).toEqual(['ada']);
    expect(await userOf(await signedIn('grace'))).not.toMatchObject({ id });
  });

  test('leaves the last one, and never touches that of another user', async () => {
    await reset();
    const [ada, bob] = [await signedIn('ada'), await signedIn('bob')];
    expect((await unlink(ada, 'ada')).data).toEqual({ outcome: 'last' });
    expect((await unlink(ada, 'bob')).reason).toBe('not_found');
    expect(await subjectsOf(bob)).toEqual(['bob']);
  });

  test('leaves the last one that still works: mails may have been turned off since', async () => {
    const browser = await signedIn('ada');
    const { id } = await userOf(browser);
    const { queries } = await identity.database();
    const { issuer } = identity.provider;
    const added = { issuer: 'email', subject: 'ada@people.example', user_id: id, label: null };
    await queries
      .insertInto('user_identity')
      .values({ ...added, linked_at: 1, last_used_at: 1 })
      .execute();
    const { data } = await browser.call('account.identities.unlink', { issuer, subject: 'ada' });
    expect(data).toEqual({ outcome: 'last' });
    const removed = await browser.call('account.identities.unlink', {
      issuer: 'email',
      subject: added.subject,
    });
    expect(removed.data).toEqual({ outcome: 'unlinked' });
  });

  test('withdraws the roles of the address that the identity has proven', async () => {
    const browser = await signedIn('bob');
    const { id } = await userOf(browser);
    const { queries } = await identity.database();
    const { issuer } = identity.provider;
    await queries
      .insertInto('user_identity')
      .values({
        issuer,
        subject: 'other',
        user_id: id,
        label: 'ada@people.example',
        linked_at: 1,
        last_used_at: 1,
      })
      .execute();
    await queries
      .updateTable('user_account')
      .set({ email: 'ada@people.example', email_verified_at: 1 })
      .where('id', '=', id)
      .execute();
    forgetSessions();
    expect(await userOf(browser)).toMatchObject({ roles: ['owner'] });
    const { data } = await browser.call('account.identities.unlink', { issuer, subject: 'other' });
    expect(data).toEqual({ outcome: 'unlinked' });
    expect(await userOf(browser)).toMatchObject({ roles: [] });
  });

  test('requires a sign-in of the last five minutes', async () => {
    const ada = await signedIn('ada');
    await identity.pass(5 * 60_000);
    expect((await unlink(ada, 'ada')).reason).toBe('reauthentication_required');
  });
});
