import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { freePort } from '#tests/support/product.ts';
import { expectNoViolations } from './support/axe.ts';
import { test, withBrowser } from './support/browser.ts';
import { screenshot } from './support/screenshot.ts';
import { headed, reads } from './support/wait.ts';

const port = await freePort();
const browser = withBrowser({ PORT: String(port), EMAIL_SIGN_IN: 'people.example' });

let people = 0;
/** An address that got no mail yet. */
function newAddress(): string {
  people += 1;
  return `person-${people}@people.example`;
}

async function visit(options: BrowserContextOptions = {}): Promise<Page> {
  return (await browser.visit(options)).page;
}

/** Asks for a mail from the page for signing in. */
async function askFor(page: Page, address: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Email address' }).fill(address);
  await page.getByRole('button', { name: 'Send me a link' }).click();
  await headed(page, 'Check your mail');
}

/** Reads the latest mail to an address in the inbox, in a browser of its own. */
async function readMail(address: string): Promise<{ link: string; code: string }> {
  const page = await visit();
  const entry = page.getByRole('listitem').filter({ hasText: `To ${address}` });
  await expect
    .poll(
      async () => {
        await page.goto('/inbox');
        return entry.count();
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(0);
  await entry.first().getByRole('link').click();
  const link = await page.getByRole('link', { name: 'Open the link' }).getAttribute('href');
  const code = await page.frameLocator('iframe').locator('strong').textContent();
  if (link === null || code === null) throw new Error('the mail has no link or no code');
  return { link, code };
}

test('a user asks for a mail, opens its link in the same browser, and returns signed in', async () => {
  const address = newAddress();
  const page = await visit();
  await page.goto('/contact');
  await page.getByRole('navigation').getByRole('link', { name: 'Sign in' }).click();
  await headed(page, 'Sign in');
  await expectNoViolations(page);
  await screenshot(page, 'email-sign-in');
  await askFor(page, address);
  await expectNoViolations(page);
  await screenshot(page, 'email-check-your-mail');
  const { link, code } = await readMail(address);
  await page.goto(link);
  await headed(page, 'Sign in');
  await expectNoViolations(page);
  await screenshot(page, 'email-link');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/contact/);
  await page.getByRole('navigation').getByRole('button', { name: address }).waitFor();

  // A user who is signed in can prove once more who they are.
  await page.goto('/sign-in?again=1');
  await askFor(page, address);

  const log = browser.product().log();
  expect(log).toContain('mail sent');
  expect(log).not.toContain(new URL(link).searchParams.get('t'));
  expect(log).not.toContain(code);
  expect(log).not.toContain(address);
});

test('without JavaScript, on a phone, a user types the code that another browser shows', async () => {
  const address = newAddress();
  const phone = { viewport: { width: 360, height: 640 } };
  const { page, expectProblem } = await browser.visit({ ...phone, javaScriptEnabled: false });
  expectProblem(/^400: POST \/auth\/email\/confirm$/);
  await page.goto('/sign-in?returnTo=%2Faccount');
  await askFor(page, address);
  const { link } = await readMail(address);
  const other = await visit(phone);
  await other.goto(link);
  await headed(other, 'Type this code');
  await expectNoViolations(other);
  await screenshot(other, 'email-code-for-another-browser');
  const code = /\d{4} \d{4}/.exec(await other.getByRole('main').innerText())?.[0] ?? '';

  const field = page.getByRole('textbox', { name: 'Code' });
  await field.fill('0000 0000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await reads(page.getByRole('main').getByRole('alert'), 'You have 4 tries left.');
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await screenshot(page, 'email-wrong-code');
  await field.fill(code);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await headed(page, address);
});

test('a program that opens the link and presses every button in a browser gets no session', async () => {
  const address = newAddress();
  const page = await visit();
  await page.goto('/sign-in');
  await askFor(page, address);
  const { link } = await readMail(address);
  for (const javaScriptEnabled of [true, false]) {
    const scanner = await visit({ javaScriptEnabled });
    await scanner.goto(link);
    await headed(scanner, 'Type this code');
    const buttons = scanner.locator('button, input, a');
    for (let left = await buttons.count(); left > 0; left -= 1) await buttons.nth(left - 1).click();
    const names = (await scanner.context().cookies()).map(({ name }) => name);
    expect(names).not.toContain('session');
  }
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').getByRole('button', { name: address }).waitFor();
});

// tests/identity/email.unit.test.ts shows which step leads to which of these addresses.
test('the page for signing in explains what went wrong', async () => {
  const page = await visit();
  const explained = page.getByRole('main').getByRole('alert');
  for (const [query, text] of [
    ['mail=over', 'This link or code is no longer valid.'],
    ['mail=wrong-code', 'This link or code is no longer valid.'],
    ['mail=too-many&wait=600', /Too many mails.*try again in 10 minutes/],
    ['mail=not-an-address', 'Please enter an email address'],
  ] as const) {
    await page.goto(`/sign-in?${query}`);
    await reads(explained, text);
  }
  await expectNoViolations(page);
});

test('without JavaScript, a user adds an address and removes it', async () => {
  const [first, address] = [newAddress(), newAddress()];
  const page = await visit({ javaScriptEnabled: false });
  await page.goto('/sign-in?returnTo=%2Faccount');
  await askFor(page, first);
  await page.getByRole('textbox', { name: 'Code' }).fill((await readMail(first)).code);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await headed(page, first);
  const ways = page.getByRole('region', { name: 'Ways to sign in' });
  await ways.getByRole('textbox', { name: 'Add an email address to sign in with' }).fill(address);
  await ways.getByRole('button', { name: 'Send me a link' }).click();
  await headed(page, 'Check your mail');
  const { code } = await readMail(address);
  await page.getByRole('textbox', { name: 'Code' }).fill(code);
  await page.getByRole('button', { name: 'Add this address' }).click();
  await reads(page.getByRole('status'), 'From now on you can sign in that way, too.');
  await screenshot(page, 'account-with-address');
  await ways.getByRole('button', { name: `Remove ${address}` }).click();
  await reads(page.getByRole('status'), 'You can no longer sign in that way.');
});
