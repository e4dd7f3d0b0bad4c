import { expect, test } from 'vitest';
import { services } from '#server/services.ts';
import { leadsTo, type TestBrowser } from './browser.ts';
import { confirm, openLink, post, readMail, withSmtpServer } from './email.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

const mailed = withSmtpServer();
const identity = withIdentity({ RATE_LIMITS: 'light=1000000/60,signIn=1000000/60' });

let addresses = 0;
function newAddress(): string {
  addresses += 1;
  return `added-${addresses}@people.example`;
}

async function signedIn(person = 'ada'): Promise<TestBrowser> {
  const browser = newBrowser();
  await browser.signIn(person);
  return browser;
}

const askToLink = (browser: TestBrowser, email: string) =>
  post(browser, '/auth/email', { email, link: '1', returnTo: '/proxy' });

/** Asks to add an address to the account of a browser. @returns what the mail has */
async function asked(browser: TestBrowser, address = newAddress()) {
  const response = await askToLink(browser, address);
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toBe('/sign-in?mail=sent&returnTo=%2Faccount');
  const message = await mailed.mailTo(address);
  return { address, message, ...readMail(message) };
}

async function userOf(browser: TestBrowser): Promise<{ id: string }> {
  const { data } = await browser.call('session.current');
  return Object(data).user;
}

async function subjectsOf(browser: TestBrowser): Promise<unknown[]> {
  const { data } = await browser.call('account.identities.list');
  return Array.isArray(data) ? data.map(({ subject }) => subject) : [data];
}

const outcome = (name: string) => `${siteUrl}/account?linked=${name}`;

test.each(['code', 'token'] as const)(
  'a user of a provider adds an address by the %s of a mail',
  async (proof) => {
    const browser = await signedIn();
    const cookie = browser.cookie('session');
    const { address, message, ...mail } = await asked(browser);
    expect(message.parsed.subject).toBe('Add this address to your account at localhost:3000');
    expect(await (await openLink(browser, mail.token)).text()).toContain('Add this address');
    expect(await subjectsOf(browser)).not.toContain(address);
    const proven = proof === 'code' ? { code: mail.code } : { token: mail.token };
    expect(await leadsTo(await confirm(browser, proven))).toBe(outcome('linked'));
    // The session goes on.
    expect(browser.cookie('session')).toBe(cookie);
    expect(await subjectsOf(browser)).toContain(address);
    const other = newBrowser();
    await post(other, '/auth/email', { email: address });
    await confirm(other, { token: readMail(await mailed.mailTo(address, 2)).token });
    expect(await userOf(other)).toMatchObject({ id: (await userOf(browser)).id });
    const { data } = await browser.call('account.history');
    expect(JSON.stringify(data)).toContain('"linked"');
  },
);

test('an address of another user is never moved', async () => {
  const address = newAddress();
  const owner = newBrowser();
  await post(owner, '/auth/email', { email: address });
  await confirm(owner, { token: readMail(await mailed.mailTo(address)).token });
  const browser = await signedIn('bob');
  await askToLink(browser, address);
  const { code } = readMail(await mailed.mailTo(address, 2));
  expect(await leadsTo(await confirm(browser, { code }))).toBe(outcome('taken'));
  expect(await subjectsOf(browser)).toEqual(['bob']);
  expect(await subjectsOf(owner)).toEqual([address]);
});

test('a session that has ended gains no address', async () => {
  for (const end of ['sign-out', 'revoke', 'operator', 'provider'] as const) {
    const browser = await signedIn('grace');
    const { id } = await userOf(browser);
    const { token } = await asked(browser);
    const cookie = browser.cookie('session') ?? '';
    if (end === 'sign-out') {
      await post(browser, '/auth/sign-out', {});
      browser.setCookie('session', cookie);
    } else if (end === 'revoke') await (await signedIn('grace')).call('session.revokeOthers');
    else if (end === 'operator') await services().identity?.operations.endSessions(id);
    else {
      const { queries } = await identity.database();
      await queries
        .updateTable('user_session')
        .set({ ended_at: 1, ended_why: 'provider' })
        .where('user_id', '=', id)
        .execute();
    }
    expect(await leadsTo(await confirm(browser, { token })), end).toBe(outcome('ended'));
  }
  expect(await subjectsOf(await signedIn('grace'))).toEqual(['grace']);
});

test('another session of the browser, or none, gains no address', async () => {
  const browser = await signedIn('grace');
  const { token } = await asked(browser);
  await browser.signIn('bob', { again: '1' });
  expect(await leadsTo(await confirm(browser, { token }))).toBe('/sign-in?mail=over');
  const visitor = await signedIn('grace');
  const { code } = await asked(visitor);
  visitor.setCookie('session', 'none');
  expect(await leadsTo(await confirm(visitor, { code }))).toBe('/sign-in?mail=over');
  expect(await subjectsOf(browser)).toEqual(['bob']);
  expect(await subjectsOf(await signedIn('grace'))).toEqual(['grace']);
});

test('another browser sees the code and a warning, and cannot use the link', async () => {
  const browser = await signedIn('grace');
  const { token, code } = await asked(browser);
  const other = await signedIn('bob');
  const page = await (await openLink(other, token)).text();
  expect(page).toContain(code);
  expect(page).toContain('your address would lead to their account');
  expect((await confirm(other, { token })).status).toBe(400);
  expect(await subjectsOf(other)).toEqual(['bob']);
});

test('adding an address requires a sign-in of the last five minutes, by a page of the site', async () => {
  const browser = await signedIn('bob');
  const elsewhere = await browser.request('/auth/email', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ email: newAddress(), link: '1' }),
  });
  expect(elsewhere.status).toBe(403);
  await identity.pass(5 * 60_000);
  for (const [each, problem] of [
    [browser, 'reauthentication_required'],
    [newBrowser(), 'sign_in_required'],
  ] as const) {
    const refused = await askToLink(each, newAddress());
    expect(refused.headers.get('location')).toBe(`/account?problem=${problem}`);
  }
  const last = `added-${addresses}@people.example`;
  await asked(await signedIn('bob'));
  expect(mailed.messages.filter(({ envelope }) => envelope.to.includes(last))).toEqual([]);
});

test('a text that is no address, and too many mails, lead back to the account page', async () => {
  const browser = await signedIn('bob');
  expect((await askToLink(browser, 'bob')).headers.get('location')).toBe('/account?linked=not-an-address');
  const address = newAddress();
  for (let mails = 1; mails <= 3; mails += 1) await askToLink(browser, address);
  const refused = await askToLink(browser, address);
  expect(refused.headers.get('location')).toMatch(/^\/account\?problem=rate_limited&wait=\d+$/);
});
