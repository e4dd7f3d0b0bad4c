import { expect, test, vi } from 'vitest';
import { services } from '#server/services.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { leadsTo, navigation } from './browser.ts';
import { ask, confirm, post } from './email.ts';
import { newBrowser, send, siteUrl } from './in-process.ts';

withServices();
// Without a mail server: the mails of development are in the inbox.
vi.stubEnv('EMAIL_SIGN_IN', '*');

/** Asks for a mail and returns it from the inbox. */
async function mailFor(address: string) {
  const browser = newBrowser();
  await ask(browser, address);
  services().mail.start();
  const { id, link } = await vi.waitFor(async () => {
    const found = (await services().mail.inbox?.list())?.find(({ to }) => to === address);
    if (!found) throw new Error('the mail has not arrived');
    return found;
  }, 10_000);
  return { browser, id, token: new URL(link ?? '').searchParams.get('t') ?? '' };
}

test('users sign in by mail without a provider, and sign out', async () => {
  const { browser, token } = await mailFor('ada@people.example');
  expect(await leadsTo(await confirm(browser, { token }))).toBe('/account');
  expect((await browser.call('session.current')).data).toMatchObject({
    user: { email: 'ada@people.example' },
    provider: null,
    methods: ['email'],
  });
  expect(await leadsTo(await post(browser, '/auth/sign-out', {}))).toBe(`${siteUrl}/`);
  expect((await browser.call('session.current')).data).toMatchObject({ user: null });
});

test('the inbox marks a mail as read and deletes it, and its link goes on working', async () => {
  const { inbox } = services().mail;
  const { browser, id, token } = await mailFor('eve@people.example');
  expect(await inbox?.get(id)).toMatchObject({ isRead: false });
  await inbox?.markRead(id);
  const message = await inbox?.get(id);
  expect(message).toMatchObject({ isRead: true, link: `${siteUrl}/auth/email?t=${token}` });
  expect(message?.text).toContain('Open this link');
  expect(await inbox?.list({ to: 'Eve@People.example' })).toMatchObject([{ id }]);
  expect(await inbox?.remove(id)).toBe(1);
  expect(await inbox?.list({ to: 'eve@people.example' })).toEqual([]);
  await inbox?.markRead(id);
  expect(await inbox?.get(id)).toBeUndefined();
  expect(await leadsTo(await confirm(browser, { token }))).toBe('/account');
});

test('the inbox shows a mail until its link is used', async () => {
  const { inbox } = services().mail;
  const { browser, id, token } = await mailFor('bob@people.example');
  const message = await inbox?.get(id);
  expect(message).toMatchObject({ subject: 'Sign in to localhost:3000', to: 'bob@people.example' });
  expect(message?.raw).toContain('To: bob@people.example');
  expect(message?.link).toBe(`${siteUrl}/auth/email?t=${token}`);
  expect((await confirm(browser, { token })).status).toBe(200);
  expect(await inbox?.get(id)).toBeUndefined();
  expect((await inbox?.list())?.filter(({ to }) => to === 'bob@people.example')).toEqual([]);
});

test('signing in leads to the page for it, and the routes of a provider do not exist', async () => {
  const begun = await newBrowser().request('/auth/sign-in?returnTo=%2Fstatus&with=provider', {
    headers: navigation,
  });
  expect(begun.status).toBe(303);
  expect(begun.headers.get('location')).toBe(`${siteUrl}/sign-in?returnTo=%2Fstatus&with=provider`);
  expect((await newBrowser().request('/auth/callback?state=x', { headers: navigation })).status).toBe(404);
  expect((await post(newBrowser(), '/auth/backchannel-logout', { logout_token: 'x' })).status).toBe(404);
});

test('no provider is reported as a dependency, and no token of one is accepted', async () => {
  const ready = await (await send(`${siteUrl}/readyz`)).json();
  expect(ready.dependencies).not.toHaveProperty('identityProvider');
  expect(await services().metrics.text()).not.toContain('dependency="identityProvider"');
  const called = await newBrowser().call('session.list', undefined, { authorization: 'Bearer a.b.c' });
  expect(called.status).toBe(401);
});
