import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, describe, expect } from 'vitest';
import { freePort } from '#tests/support/product.ts';
import { startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { expectNoViolations } from './support/axe.ts';
import { test, type Visit, withBrowser } from './support/browser.ts';
import { screenshot } from './support/screenshot.ts';
import { menu, signIn, signInLink, signOut } from './support/sign-in.ts';
import { headed, hydrated, reads } from './support/wait.ts';

const port = await freePort();
const provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}` });
afterAll(() => provider.close());
const browser = withBrowser({
  PORT: String(port),
  ...provider.env,
  ROLES: 'owner=ada@people.example',
  STATUS_ROLES: 'owner',
});

/** Opens a page that may go to the provider. */
async function visit(options?: BrowserContextOptions): Promise<Visit> {
  const opened = await browser.visit(options);
  opened.allowProblem(new RegExp(`^request to another host: ${RegExp.escape(provider.issuer)}/`));
  return opened;
}

const focusedText = (page: Page) => page.evaluate(() => document.activeElement?.textContent);
test('a user signs in from a page, returns to it signed in, and signs out', async () => {
  const { page } = await visit();
  await page.goto('/contact');
  await signIn(page);
  await menu(page, 'Ada').waitFor();
  await screenshot(page, 'signed-in');
  await signOut(page);
  await signInLink(page).waitFor();
});

test('without JavaScript, a user signs in, ends another session and signs out', async () => {
  const other = await visit();
  await other.page.goto('/');
  await signIn(other.page);
  const { page } = await visit({ javaScriptEnabled: false });
  await page.goto('/account');
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Sign in/ })
    .click();
  await page.getByRole('button', { name: /^Ada/ }).click();
  await headed(page, 'Ada');
  await page
    .getByRole('button', { name: /^End the session/ })
    .first()
    .click();
  await reads(page.getByRole('status'), 'The session has ended.');
  await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL((url) => url.port === String(port));
  await page.goto('/account');
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Sign in/ })
    .waitFor();
});

test('a link from another site to the account shows it after one step', async () => {
  const { page } = await visit();
  await page.goto('/');
  await signIn(page);
  await page.goto(`${provider.issuer}/.well-known/openid-configuration`);
  await page.evaluate((url) => {
    const link = Object.assign(document.createElement('a'), { href: url, textContent: 'there' });
    document.body.append(link);
    link.click();
  }, `http://localhost:${port}/account`);
  await headed(page, 'Ada');
});

test('a person who declines sees why nobody is signed in, and another try returns to the same page', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/^403: GET \/auth\/callback/);
  await page.goto('/proxy');
  await signInLink(page).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await headed(page, 'Sign in');
  await reads(page.getByRole('main').getByRole('alert'), 'You were not signed in.');
  await screenshot(page, 'sign-in-denied');
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Sign in/ })
    .click();
  await page.getByRole('button', { name: /^Ada/ }).click();
  await headed(page, 'Proxy explorer');
  await menu(page, 'Ada').waitFor();
});

test('the account page lists sessions, places and history, and ends other sessions after signing in again', async () => {
  const { page } = await visit();
  await page.goto('/account');
  await signInLink(page).click();
  await page.getByRole('button', { name: /^Ada/ }).click();
  await headed(page, 'Ada');
  await reads(page.getByRole('main'), /Roles: editor, owner/);
  await reads(page.getByRole('region', { name: 'Sessions' }), /\(this session\)/);
  await reads(page.getByRole('region', { name: 'History' }), /Signed in/);
  await screenshot(page, 'account');
  await page.getByRole('button', { name: 'End all other sessions' }).click();
  await reads(page.getByRole('status'), 'All other sessions have ended.');
});

test('a closed status asks visitors to sign in, and opens to users with the role alone', async () => {
  for (const [person, shown] of [
    ['Ada', 'The backends that this instance calls.'],
    ['Grace', 'Your account has no role that may see it.'],
  ] as const) {
    const { page } = await visit();
    await page.goto('/status');
    const main = page.getByRole('main');
    await reads(main, 'Sign in to see it.');
    expect(await main.getByRole('region').count()).toBe(0);
    await expectNoViolations(page);
    await main.getByRole('link', { name: /^Sign in/ }).click();
    await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
    await headed(page, 'Status');
    await reads(main, shown);
    expect(await main.getByRole('region', { name: 'Outbox' }).count()).toBe(person === 'Ada' ? 1 : 0);
    await screenshot(page, `status-of-${person}`);
  }
});

test('a user who changes accounts at a provider that ends the first session is told that nothing was added', async () => {
  const { page } = await visit();
  await page.goto('/account');
  await signInLink(page).click();
  await page.getByRole('button', { name: /^Ada/ }).click();
  await headed(page, 'Ada');
  await page.getByRole('button', { name: /^Add a way to sign in/ }).click();
  await page.getByRole('button', { name: /^Grace/ }).click();
  await reads(page.getByRole('status'), /Your session here ended before you were done, so nothing was added/);
  await headed(page, 'Your account');
});

describe('other tabs', () => {
  test('learn that the user has signed out, and show nothing of the user', async () => {
    const { page } = await visit();
    await page.goto('/contact');
    await signIn(page);
    const other = await page.context().newPage();
    await other.goto('/contact');
    await menu(other, 'Ada').waitFor();
    await signOut(page);
    await signInLink(other).waitFor();
    await other.close();
  });

  test('learn that the user has signed in, also those that were opened after the session had expired', async () => {
    const { page } = await visit();
    await page.goto('/proxy');
    await signIn(page);
    await page.context().clearCookies({ name: 'session' });
    await page.goto('/proxy');
    const other = await page.context().newPage();
    await other.goto('/proxy');
    await signInLink(other).waitFor();
    await other.waitForLoadState('networkidle');
    await signIn(page);
    await menu(other, 'Ada').waitFor();
    await other.close();
  });

  test('learn that the session has ended elsewhere without losing what is being written', async () => {
    const { page, allowProblem } = await visit();
    allowProblem(/401/);
    await page.goto('/contact');
    await signIn(page);
    const message = page.getByLabel('Message');
    await hydrated(page.getByRole('button', { name: 'Send' }));
    await message.fill('Half a message');
    const other = await page.context().newPage();
    await other.goto('/account');
    const cookies = await page.context().cookies();
    const session = cookies.find(({ name }) => name === 'session');
    const elsewhere = await visit();
    await elsewhere.page.goto('/account');
    await signIn(elsewhere.page);
    await elsewhere.page.getByRole('button', { name: 'End all other sessions' }).click();
    expect(session).toBeDefined();
    // The page asks nothing: the stream of the session says it.
    await reads(page.getByRole('alert').filter({ hasText: 'session' }), 'Your session has ended.');
    expect(await message.inputValue()).toBe('Half a message');
    await screenshot(page, 'session-ended');
    await other.close();
  });
});

test('a user who signs out at the provider is signed out here', async () => {
  const { page } = await visit();
  await page.goto('/proxy');
  await signIn(page);
  const elsewhere = await page.context().newPage();
  await elsewhere.goto(`${provider.issuer}/session/end`);
  await elsewhere.getByRole('button', { name: 'Sign out' }).click();
  await elsewhere.waitForURL(/session\/end\/success/);
  await elsewhere.close();
  await page.reload();
  await signInLink(page).waitFor();
});

test('going back after signing out shows nothing of the user', async () => {
  const { page } = await visit();
  await page.goto('/account');
  await signInLink(page).click();
  await page.getByRole('button', { name: /^Ada/ }).click();
  await headed(page, 'Ada');
  await page.goto('/');
  const other = await page.context().newPage();
  await other.goto('/');
  await signOut(other);
  await other.close();
  await page.goBack();
  await page.waitForURL('**/account');
  await expect.poll(() => page.getByText('ada@people.example').count()).toBe(0);
});

test('the menu closes on a click elsewhere and when the page changes', async () => {
  const { page } = await visit();
  await page.goto('/proxy');
  await signIn(page);
  const signOutButton = page.getByRole('navigation').getByRole('button', { name: 'Sign out' });
  await menu(page, 'Ada').click();
  await signOutButton.waitFor();
  await page.getByRole('heading', { level: 1 }).click();
  await signOutButton.waitFor({ state: 'hidden' });
  await menu(page, 'Ada').click();
  await page.getByRole('link', { name: 'Your account' }).click();
  await headed(page, 'Ada');
  await signOutButton.waitFor({ state: 'hidden' });
});

describe('the pages of users', () => {
  test.each(['/sign-in', '/sign-in?problem=sign_in_failed', '/account'])(
    'for a visitor have no violations of axe: %s',
    async (path) => {
      const { page } = await visit();
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expectNoViolations(page);
    },
  );

  test('for a user have no violations of axe, also with the open menu, and fit a small screen', async () => {
    const { page } = await visit();
    await page.goto('/account');
    await signInLink(page).click();
    await page.getByRole('button', { name: /^Grace/ }).click();
    await headed(page, 'Grace');
    await menu(page, 'Grace').click();
    await expectNoViolations(page);
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
    await screenshot(page, 'account-small');
  });

  test('can be used with the keyboard alone', async () => {
    const { page } = await visit();
    await page.goto('/account');
    await page
      .getByRole('main')
      .getByRole('link', { name: /^Sign in/ })
      .focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Bob/ }).focus();
    await page.keyboard.press('Enter');
    await headed(page, 'Bob');
    const open = page.getByRole('button', { name: 'Bob' });
    const signOutButton = page.getByRole('navigation').getByRole('button', { name: 'Sign out' });
    await open.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    expect(await signOutButton.isVisible()).toBe(false);
    expect(await focusedText(page)).toMatch(/^Bob/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focusedText(page)).toBe('Sign out');
  });
});
