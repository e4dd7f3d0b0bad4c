import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { services } from '#server/services.ts';
import { leadsTo, navigation } from './browser.ts';
import { ask, confirm, openLink, post, readMail, withSmtpServer } from './email.ts';
import { newBrowser, send, siteUrl, withIdentity } from './in-process.ts';

const mailed = withSmtpServer();
const identity = withIdentity({
  RATE_LIMITS: 'light=1000000/60,signIn=1000000/60,signInMailClient=1000000/60,mail=1000/60,mailSite=1/86400',
  // More than the test asks for, so that each has addresses of its own.
  ROLES: 'owner=owner@people.example',
});

let people = 0;
/** An address that may sign in and got no mail yet. */
function newAddress(): string {
  people += 1;
  return `person-${people}@people.example`;
}

const currentUser = async (browser: ReturnType<typeof newBrowser>) =>
  (await browser.call('session.current')).data;

/** @param nth number of this mail to the address */
async function askedFor(address = newAddress(), nth = 1) {
  const browser = newBrowser();
  expect((await ask(browser, address)).status).toBe(303);
  return { browser, address, ...readMail(await mailed.mailTo(address, nth)) };
}

/** A code that is not the right one. */
const otherThan = (code: string) =>
  String((Number(code.replace(' ', '')) + randomInt(1, 1e8)) % 1e8).padStart(8, '0');

/** All rows of all tables as one text. */
async function dump(): Promise<string> {
  const { queries } = await identity.database();
  const { rows: tables } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table'`.execute(queries);
  const contents = await Promise.all(
    tables.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(queries)),
  );
  return JSON.stringify(contents.map(({ rows }) => rows));
}

test('a user asks for a mail, opens its link and is signed in', async () => {
  const browser = newBrowser();
  const asked = await ask(browser, 'Owner@People.example', '/status?days=16');
  expect(asked.status).toBe(303);
  expect(asked.headers.get('location')).toBe('/sign-in?mail=sent&returnTo=%2Fstatus%3Fdays%3D16');
  expect(asked.headers.get('cache-control')).toBe('no-store');
  const message = await mailed.mailTo('owner@people.example');
  expect(message.envelope).toEqual({ from: 'website@site.example', to: ['owner@people.example'] });
  expect(message.parsed.subject).toBe('Sign in to localhost:3000');
  expect(message.parsed.replyTo).toBeUndefined();
  expect(message.parsed.html).toContain(`<a href="${siteUrl}/auth/email?t=`);
  const { token } = readMail(message);
  const page = await openLink(browser, token);
  expect(page.status).toBe(200);
  expect(Object.fromEntries(page.headers)).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-[^']+'; /),
  });
  expect(await page.text()).toContain('<button type="submit">Sign in</button>');
  expect(await currentUser(browser)).toMatchObject({ user: null });

  const confirmed = await confirm(browser, { token });
  expect(await leadsTo(confirmed)).toBe('/status?days=16');
  expect(confirmed.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^session=.+; Max-Age=604800; Path=\/; SameSite=Strict; HttpOnly$/),
    'signed-in=1; Max-Age=604800; Path=/; SameSite=Strict',
  ]);
  expect(await currentUser(browser)).toMatchObject({
    user: { name: null, email: 'owner@people.example', roles: ['owner'] },
    methods: ['provider', 'email'],
  });
  expect((await browser.call('account.history')).data).toMatchObject([{ kind: 'signed_in' }]);
  expect(await services().metrics.text()).toMatch(/bff_sign_ins_total\{method="email",outcome="ok"\} [1-9]/);
});

test('programs that open the link use nothing up', async () => {
  const { browser, token } = await askedFor();
  for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET']) {
    const opened = await openLink(newBrowser(), token, method);
    expect(opened.status).toBe(200);
    expect(opened.headers.getSetCookie()).toEqual([]);
  }
  expect((await confirm(browser, { token })).status).toBe(200);
  expect(await currentUser(browser)).toMatchObject({ user: {} });
});

test('another browser gets the code for the one that asked, and no session by whatever it posts', async () => {
  const { browser, address, token, code } = await askedFor();
  const other = newBrowser();
  const page = await openLink(other, token);
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  const text = await page.text();
  expect(text).toContain(code);
  expect(text).not.toContain('<form');
  for (const fields of [{ token }, { code }]) {
    const refused = await confirm(other, fields);
    expect(refused.status).toBe(400);
    expect(await leadsTo(refused)).toBe('/sign-in?mail=over');
    expect(refused.headers.getSetCookie()).toEqual([]);
  }
  // Also a browser that has begun a sign-in of its own.
  await ask(other, newAddress());
  expect((await confirm(other, { token })).status).toBe(400);
  expect((await confirm(other, { code })).status).toBe(400);
  expect(await currentUser(other)).toMatchObject({ user: null });

  expect((await confirm(browser, { code })).status).toBe(200);
  expect(await currentUser(browser)).toMatchObject({ user: { email: address } });
});

test('a link and its code work once', async () => {
  const { browser, token, code } = await askedFor();
  expect((await confirm(browser, { token })).status).toBe(200);
  expect((await openLink(browser, token)).status).toBe(400);
  for (const fields of [{ token }, { code }]) {
    expect(await leadsTo(await confirm(browser, fields))).toBe('/sign-in?mail=over');
  }
});

test('of confirmations at the same moment one succeeds', async () => {
  const { browser, token, code } = await askedFor();
  const confirmations = [{ token }, { code }, { token }, { code }, { token }];
  const responses = await Promise.all(confirmations.map((fields) => confirm(browser, fields)));
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('the sixth code is refused although it is right, and so is the link', async () => {
  const { browser, token, code } = await askedFor();
  for (let triesLeft = 4; triesLeft >= 1; triesLeft -= 1) {
    expect(await leadsTo(await confirm(browser, { code: otherThan(code) }))).toBe('/sign-in?mail=wrong-code');
    expect(await services().identity?.email?.pending(browser.cookie('sign-in'))).toMatchObject({ triesLeft });
  }
  // A text that cannot be a code costs no try.
  expect(await leadsTo(await confirm(browser, { code: 'abc' }))).toBe('/sign-in?mail=wrong-code');
  expect((await confirm(browser, { code: otherThan(code) })).status).toBe(400);
  expect(await services().identity?.email?.pending(browser.cookie('sign-in'))).toBeUndefined();
  expect(await leadsTo(await confirm(browser, { code }))).toBe('/sign-in?mail=over');
  expect((await openLink(browser, token)).status).toBe(400);
  expect(await leadsTo(await confirm(browser, { token }))).toBe('/sign-in?mail=over');
});

test('the fifth code is accepted if it is right', async () => {
  const { browser, code } = await askedFor();
  for (let tries = 1; tries <= 4; tries += 1) await confirm(browser, { code: otherThan(code) });
  expect((await confirm(browser, { code: code.replace(' ', '-') })).status).toBe(200);
});

test('a newer mail of the browser ends the link of the earlier one', async () => {
  const first = await askedFor();
  const { browser } = first;
  await ask(browser, first.address.toUpperCase());
  const { token } = readMail(await mailed.mailTo(first.address, 2));
  expect((await openLink(first.browser, first.token)).status).toBe(400);
  expect(await leadsTo(await confirm(first.browser, { token: first.token }))).toBe('/sign-in?mail=over');
  expect(await leadsTo(await confirm(first.browser, { code: first.code }))).toBe('/sign-in?mail=wrong-code');
  expect((await confirm(browser, { token })).status).toBe(200);
});

test('a stranger who asks for a mail to an address does not end the sign-in of its owner', async () => {
  const { browser, address, token } = await askedFor();
  await ask(newBrowser(), address);
  expect((await confirm(browser, { token })).status).toBe(200);
});

test('a link ends after 15 minutes', async () => {
  const { browser, token, code } = await askedFor();
  await identity.pass(15 * 60_000);
  expect((await openLink(browser, token)).status).toBe(400);
  expect((await confirm(browser, { token })).status).toBe(400);
  expect((await confirm(browser, { code })).status).toBe(400);
});

test('an address that may not sign in gets the same page and costs the same statements', async () => {
  const db = await identity.database();
  const statements = vi.spyOn(db.queries.getExecutor(), 'executeQuery');
  const rows = async () =>
    (await db.queries.selectFrom('email_sign_in').selectAll().execute()).map((row) => Object.keys(row));
  await services().mail.pause();
  mailed.messages.length = 0;
  const seen = [];
  const allowed = newAddress();
  for (const address of [allowed, 'stranger@elsewhere.example']) {
    const before = await rows();
    statements.mockClear();
    const browser = newBrowser();
    const response = await ask(browser, address);
    const asked = statements.mock.calls.map(([{ sql: text }]) => text);
    const {
      'x-request-id': _,
      ratelimit: __,
      'set-cookie': cookie = '',
      ...headers
    } = Object.fromEntries(response.headers);
    seen.push({
      status: response.status,
      headers,
      cookie: cookie.replace(/=[\w-]{43};/, '=…;'),
      body: await response.text(),
      asked,
      added: (await rows()).length - before.length,
      pending: {
        ...(await services().identity?.email?.pending(browser.cookie('sign-in'))),
        address: '',
        endsAt: 0,
      },
    });
  }
  statements.mockRestore();
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]).toMatchObject({ status: 303, added: 1 });
  expect(seen[0]?.asked).toHaveLength(2);
  services().mail.start();
  await mailed.mailTo(allowed);
  expect(mailed.messages.map(({ envelope }) => envelope.to)).toEqual([[allowed]]);
});

test('a domain allows no subdomain, and an address allows no other one of its domain', async () => {
  await services().mail.pause();
  mailed.messages.length = 0;
  services().mail.start();
  for (const address of ['x@sub.people.example', 'x@notpeople.example', 'other@visitor.example']) {
    expect((await ask(newBrowser(), address)).status).toBe(303);
  }
  await ask(newBrowser(), 'Guest@visitor.example');
  await mailed.mailTo('guest@visitor.example');
  expect(mailed.messages.map(({ envelope }) => envelope.to)).toEqual([['guest@visitor.example']]);
});

test.each([
  '"e@attacker.example"@people.example',
  'victim@people.example@attacker.example',
  'e@attacker.example＠people.example',
  'victim＠people.example',
  'аda@people.example',
  'ada@peоple.example',
  'ada@people.example,e@attacker.example',
  'ada@people.example e@attacker.example',
  '<ada@people.example>',
  'ada@people.example\r\nbcc: e@attacker.example',
  'ada@people.example.',
  'ada@[127.0.0.1]',
  'ada@127.0.0.1',
  'Ada <ada@people.example>',
  'people.example',
  '@people.example',
  '',
])('%j is not an address', async (address) => {
  const refused = await ask(newBrowser(), address);
  expect(refused.status).toBe(400);
  expect(await leadsTo(refused)).toBe('/sign-in?mail=not-an-address&returnTo=%2Faccount');
});

test('no header of the request gets into the response or the mail', async () => {
  const browser = newBrowser();
  const evil = 'evil.example';
  const headers = {
    ...navigation,
    'sec-fetch-site': 'same-origin',
    origin: siteUrl,
    'x-forwarded-host': evil,
    'x-forwarded-proto': 'https',
    forwarded: `host=${evil}`,
    'user-agent': `Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0 ${evil}`,
    referer: `https://${evil}/`,
  };
  const address = newAddress();
  const body = new URLSearchParams({ email: address });
  const asked = await browser.request('/auth/email', { method: 'POST', headers, body });
  const message = await mailed.mailTo(address);
  const { token } = readMail(message);
  const opened = await browser.request(`/auth/email?t=${token}`, { headers });
  const confirmed = await confirm(browser, { token });
  expect(message.raw).toContain('Firefox on Linux');
  expect(message.raw).not.toContain('evil');
  for (const response of [asked, opened, confirmed]) {
    expect(response.status).toBeLessThan(400);
    expect(JSON.stringify([...response.headers])).not.toContain('evil');
    expect(await response.text()).not.toContain('evil');
  }
  const ofAnotherHost = await send(`${siteUrl}/auth/email`, {
    method: 'POST',
    headers: { ...headers, host: evil },
    body,
  });
  expect(ofAnotherHost.status).toBe(403);
});

test.each(['//evil.example', 'https://evil.example/', '/auth/sign-out', '/\\evil.example'])(
  'a sign-in does not return to %s',
  async (returnTo) => {
    const [browser, address] = [newBrowser(), newAddress()];
    await ask(browser, address, returnTo);
    const { token } = readMail(await mailed.mailTo(address));
    expect(await leadsTo(await confirm(browser, { token }))).toBe('/');
  },
);

test('a form of another site asks for nothing and confirms nothing', async () => {
  const { browser, token } = await askedFor();
  for (const [path, fields] of [
    ['/auth/email', { email: newAddress() }],
    ['/auth/email/confirm', { token }],
  ] as const) {
    const body = new URLSearchParams(fields);
    for (const site of ['cross-site', 'same-site']) {
      const headers = { ...navigation, 'sec-fetch-site': site, origin: 'https://evil.example' };
      expect((await browser.request(path, { method: 'POST', headers, body })).status).toBe(403);
    }
  }
  expect((await browser.request('/auth/email/confirm', { headers: navigation })).status).toBe(405);
  expect((await post(browser, '/auth/email', { email: newAddress(), to: 'x@y.example' })).status).toBe(400);
});

test('once the mail is sent, neither its token nor its code is stored anywhere', async () => {
  const { browser, token, code } = await askedFor();
  await vi.waitFor(async () => {
    const { queries } = await identity.database();
    const unsent = queries.selectFrom('email_sign_in').select('id').where('token_sealed', 'is not', null);
    expect(await unsent.execute()).toEqual([]);
  }, 10_000);
  const stored = await dump();
  expect(stored).toContain('email');
  expect(stored).not.toContain(token);
  expect(stored).not.toContain(code);
  expect(stored).not.toContain(code.replace(' ', ''));
  expect(await services().mail.operations.list({ limit: 200 })).toEqual([]);
  expect((await confirm(browser, { token })).status).toBe(200);
});

test('a mail that is due after its link has ended is not sent, and its token is erased', async () => {
  await services().mail.pause();
  const address = newAddress();
  await ask(newBrowser(), address);
  await identity.pass(15 * 60_000);
  services().mail.start();
  const { queries } = await identity.database();
  await vi.waitFor(async () => {
    const rows = await queries.selectFrom('email_sign_in').select('token_sealed').execute();
    expect(rows.filter((row) => row.token_sealed !== null)).toEqual([]);
  }, 10_000);
  expect(await services().metrics.text()).toMatch(/bff_mail_events_total\{event="expired"\} [1-9]/);
  expect(mailed.messages.filter(({ envelope }) => envelope.to.includes(address))).toEqual([]);
});

test('a mail for signing in goes before the mails of visitors', async () => {
  await services().mail.pause();
  await services().mail.send({ email: 'visitor@elsewhere.example', contents: 'Hello' });
  const address = newAddress();
  await ask(newBrowser(), address);
  services().mail.start();
  await mailed.mailTo('owner@site.example');
  expect(mailed.messages.map(({ envelope }) => envelope.to)).toEqual([[address], ['owner@site.example']]);
});

test('a contact form that has used up its quota does not stop sign-in', async () => {
  const draft = { email: 'visitor@elsewhere.example', contents: 'Hello' };
  expect((await newBrowser().call('email.send', draft)).status).toBe(200);
  expect((await newBrowser().call('email.send', draft)).reason).toBe('rate_limited');
  await askedFor();
});

test('a fourth mail to an address within 15 minutes is refused, whether it may sign in or not', async () => {
  for (const address of [newAddress(), 'unknown@elsewhere.example']) {
    for (let mails = 1; mails <= 3; mails += 1) {
      expect((await ask(newBrowser(), address)).status).toBe(303);
    }
    const refused = await ask(newBrowser(), address.toUpperCase());
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(800);
    expect(wait).toBeLessThanOrEqual(900);
    expect(await leadsTo(refused)).toBe(`/sign-in?mail=too-many&wait=${wait}&returnTo=%2Faccount`);
  }
});

test('the browser has one session: the one before ends', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  const before = browser.cookie('session') ?? '';
  const address = newAddress();
  await ask(browser, address);
  const { token } = readMail(await mailed.mailTo(address));
  expect((await confirm(browser, { token })).status).toBe(200);
  expect(browser.cookie('session')).not.toBe(before);
  expect(await services().identity?.find(before)).toEqual({ kind: 'ended' });
});

test('an address leads to a user of its own, never to the user of the provider who has it', async () => {
  const [byProvider, byMail] = [newBrowser(), newBrowser()];
  await byProvider.signIn('ada');
  await ask(byMail, 'ada@people.example');
  await confirm(byMail, { token: readMail(await mailed.mailTo('ada@people.example')).token });
  const [one, other] = await Promise.all([currentUser(byProvider), currentUser(byMail)]);
  expect(other).toMatchObject({ user: { email: 'ada@people.example' } });
  expect(one).not.toMatchObject({ user: { id: userId(other) } });
  // The next sign-in with the same address is the same user.
  const again = newBrowser();
  await ask(again, 'ADA@people.example');
  await confirm(again, { token: readMail(await mailed.mailTo('ada@people.example', 2)).token });
  expect(userId(await currentUser(again))).toBe(userId(other));
});

const userId = (current: unknown): unknown =>
  current instanceof Object && 'user' in current && current.user instanceof Object && 'id' in current.user
    ? current.user.id
    : undefined;

test('confirming the link proves who the user is, for as long as a procedure asks', async () => {
  const { browser, token } = await askedFor();
  await confirm(browser, { token });
  expect((await browser.call('session.revokeOthers')).data).toEqual({ revoked: 0 });
  await identity.pass(16 * 60_000);
  expect((await browser.call('session.revokeOthers')).reason).toBe('reauthentication_required');
});

test('a backend that needs a token of the user asks them to sign in with the provider', async () => {
  const { browser, token } = await askedFor();
  await confirm(browser, { token });
  const { identity: service } = services();
  const found = await service?.find(browser.cookie('session') ?? '');
  if (!service || found?.kind !== 'user') throw new Error('not signed in');
  const target = { parameter: 'resource', value: 'https://notes.example', scopes: [] } as const;
  await expect(service.callUser(found.user).accessToken(target)).rejects.toMatchObject({
    reason: 'reauthentication_required',
  });
});

test('a disabled user is denied', async () => {
  const address = newAddress();
  const first = await askedFor(address);
  await confirm(first.browser, { token: first.token });
  const { queries } = await identity.database();
  await queries.updateTable('user_account').set({ disabled_at: 1 }).where('email', '=', address).execute();
  const second = await askedFor(address, 2);
  const denied = await confirm(second.browser, { token: second.token });
  expect(denied.status).toBe(403);
  expect(await leadsTo(denied)).toBe(`${siteUrl}/sign-in?problem=sign_in_denied`);
  expect(second.browser.cookie('session')).toBeUndefined();
});

test('signing out leads to this site: the provider has no session of the user', async () => {
  const { browser, token } = await askedFor();
  await confirm(browser, { token });
  expect(await leadsTo(await post(browser, '/auth/sign-out', {}))).toBe(`${siteUrl}/`);
});

test('where there are two ways to sign in, the user chooses one', async () => {
  const chosen = await newBrowser().request('/auth/sign-in?returnTo=%2Fstatus', { headers: navigation });
  expect(chosen.status).toBe(303);
  expect(chosen.headers.get('location')).toBe(`${siteUrl}/sign-in?returnTo=%2Fstatus`);
});
