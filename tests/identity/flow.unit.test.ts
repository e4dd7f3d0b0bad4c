import { expect, test, vi } from 'vitest';
import { leadsTo, navigation, TestBrowser } from './browser.ts';
import { newBrowser, send, siteUrl, withIdentity } from './in-process.ts';

const identity = withIdentity();

const paths = () => identity.provider.requests.map(({ method, path }) => `${method} ${path}`);

test('a user signs in, is known to calls, and signs out', async () => {
  const browser = newBrowser();
  expect((await browser.call('session.current')).data).toEqual({
    user: null,
    ended: false,
    endsAt: null,
    idleUntil: null,
    provider: 'the stand-in',
    methods: ['provider'],
  });
  const landed = await browser.signIn('ada', { returnTo: '/status?days=16#now' });
  expect(await leadsTo(landed)).toBe(`${siteUrl}/status?days=16#now`);
  const current = await browser.call('session.current');
  expect(current.data).toMatchObject({
    user: { name: 'Ada', email: 'ada@people.example', roles: ['editor', 'owner'] },
    ended: false,
  });

  const left = await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', origin: siteUrl },
    body: new URLSearchParams(),
  });
  expect(left.status).toBe(200);
  expect(await leadsTo(left)).toMatch(new RegExp(`^${identity.provider.issuer}/session/end\\?`));
  expect([browser.cookie('session'), browser.cookie('signed-in')]).toEqual([undefined, undefined]);
  expect((await browser.call('session.current')).data).toMatchObject({ user: null });
});

test('the session cookie is only for this site, out of reach of scripts, and lasts as long as the session', async () => {
  const response = await newBrowser().signIn('ada');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const cookies = response.headers.getSetCookie();
  expect(cookies).toEqual([
    expect.stringMatching(
      /^session=[\w-]{22}\.[\w-]{43}\.[\w-]{11}; Max-Age=604800; Path=\/; SameSite=Strict; HttpOnly$/,
    ),
    'signed-in=1; Max-Age=604800; Path=/; SameSite=Strict',
  ]);
});

test('two tabs can sign in at the same time, and both arrive at their page', async () => {
  const browser = newBrowser();
  const [one, two] = [await browser.begin('/status'), await browser.begin('/contact')];
  expect(await leadsTo(await browser.finish(await browser.choose(two, 'ada')))).toBe(`${siteUrl}/contact`);
  expect(await leadsTo(await browser.finish(await browser.choose(one, 'ada')))).toBe(`${siteUrl}/status`);
  expect((await browser.call('session.current')).data).toMatchObject({ user: { name: 'Ada' } });
});

test('a browser has one session, however many sign-ins it finishes', async () => {
  const browser = newBrowser();
  const begun = [await browser.begin(), await browser.begin(), await browser.begin()];
  const cookies: (string | undefined)[] = [];
  identity.provider.requests.length = 0;
  for (const url of begun) {
    await browser.finish(await browser.choose(url, 'bob'));
    cookies.push(browser.cookie('session'));
  }
  for (const [index, cookie] of cookies.entries()) {
    browser.setCookie('session', cookie ?? '');
    expect((await browser.call('session.list')).reason).toBe(index === 2 ? undefined : 'session_ended');
  }
  await vi.waitFor(() => expect(paths().filter((each) => each.includes('revocation'))).toHaveLength(2));
});

test('the same person has the same id in every session, and another person another one', async () => {
  const idOf = async (person: string) => {
    const browser = newBrowser();
    await browser.signIn(person);
    const { data } = await browser.call('session.current');
    return JSON.stringify(data).match(/"id":"([^"]+)"/)?.[1];
  };
  const [ada, again, bob] = [await idOf('ada'), await idOf('ada'), await idOf('bob')];
  expect(ada).toBe(again);
  expect(ada).not.toBe(bob);
});

test('first sign-ins of one person at the same time make one user', async () => {
  const browsers = Array.from({ length: 5 }, newBrowser);
  await Promise.all(browsers.map((browser) => browser.signIn('grace')));
  const db = await identity.database();
  const rows = await db.queries.selectFrom('user_account').select('id').where('name', '=', 'Grace').execute();
  expect(rows).toHaveLength(1);
});

test('a new sign-in ends the session that the browser had', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const before = browser.cookie('session') ?? '';
  await browser.signIn('ada');
  expect(browser.cookie('session')).not.toBe(before);
  const old = newBrowser();
  old.setCookie('session', before);
  expect((await old.call('session.list')).reason).toBe('session_ended');
});

test('a sign-in from a link of another site ends the session that the browser had, too', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const before = browser.cookie('session') ?? '';
  // The binding cookie of the first sign-in has expired.
  browser.setCookie('sign-in', '');
  const fromLink = { ...navigation, 'sec-fetch-site': 'cross-site' };
  const followed = await browser.request(
    '/auth/sign-in?returnTo=%2Fecho',
    { headers: fromLink },
    { strict: false },
  );
  const target = await leadsTo(followed);
  expect(target).toBe(`${siteUrl}/auth/sign-in?returnTo=%2Fecho&followed=1`);
  const path = target?.slice(siteUrl.length) ?? '';
  const begun = await browser.request(path, { headers: { ...navigation, 'sec-fetch-site': 'same-origin' } });
  await browser.finish(await browser.choose(begun.headers.get('location') ?? '', 'ada'));
  const old = newBrowser();
  old.setCookie('session', before);
  expect((await old.call('session.list')).reason).toBe('session_ended');
  // A browser that calls each request one of another site begins all the same.
  expect((await newBrowser().request(path, { headers: fromLink })).status).toBe(303);
});

test('a person who declines is not signed in, and the words of the provider are not shown', async () => {
  const browser = newBrowser();
  const response = await browser.finish(await browser.choose(await browser.begin('/status'), 'nobody'));
  expect(response.status).toBe(403);
  const text = await response.clone().text();
  expect(text).not.toContain('does not want');
  expect(await leadsTo(response)).toBe(`${siteUrl}/sign-in?problem=sign_in_denied&returnTo=%2Fstatus`);
  expect(browser.cookie('session')).toBeUndefined();
});

test('the whole way asks the provider for its metadata once, and for nothing that is not needed', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  identity.provider.requests.length = 0;
  await browser.signIn('ada');
  expect(paths().filter((each) => !/auth|interaction|revocation/.test(each))).toEqual([
    'POST /token',
    'GET /me',
  ]);
});

test('signing in again proves who the user is, and only then all other sessions can be ended', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const other = newBrowser();
  await other.signIn('ada');
  await identity.pass(16 * 60_000);
  expect((await browser.call('session.revokeOthers')).reason).toBe('reauthentication_required');
  await browser.signIn('ada', { again: '1' });
  expect((await browser.call('session.revokeOthers')).status).toBe(200);
  expect((await other.call('session.list')).reason).toBe('session_ended');
  expect((await browser.call('session.list')).data).toHaveLength(1);
});

test('a provider that does not ask the user again is not believed', async () => {
  const browser = newBrowser();
  const providerUrl = new URL(await browser.begin('/', { again: '1' }));
  providerUrl.searchParams.delete('prompt');
  providerUrl.searchParams.delete('max_age');
  const response = await browser.finish(await browser.choose(providerUrl.href, 'ada'));
  expect(await leadsTo(response)).toBe(`${siteUrl}/sign-in?problem=sign_in_failed&returnTo=%2F`);
});

test('signing out revokes the refresh token, which would outlive the session at the provider', async () => {
  const browser = newBrowser();
  await browser.signIn('bob');
  identity.provider.requests.length = 0;
  await browser.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(),
  });
  expect(paths()).toEqual(['POST /token/revocation']);
});

test('signing out without a session leads to the start page', async () => {
  const response = await newBrowser().request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(),
  });
  expect(await leadsTo(response)).toBe(`${siteUrl}/`);
});

test('a sign-in that begins under another name of this machine goes on at the address of the site', async () => {
  const response = await newBrowser().request('/auth/sign-in?returnTo=%2Fecho', {
    headers: { ...navigation, host: '127.0.0.1:3000' },
  });
  expect([response.status, response.headers.get('location')]).toEqual([
    303,
    `${siteUrl}/auth/sign-in?returnTo=%2Fecho`,
  ]);
});

test('a browser keeps its binding cookie over several sign-ins', async () => {
  const browser = new TestBrowser(siteUrl, send);
  await browser.begin();
  const first = browser.cookie('sign-in');
  for (let starts = 0; starts < 200; starts += 1) await browser.begin();
  expect(browser.cookie('sign-in')).toBe(first);
  const db = await identity.database();
  const rows = await db.queries.selectFrom('sign_in').select('state_hash').execute();
  expect(rows.length).toBeLessThanOrEqual(7);
});
