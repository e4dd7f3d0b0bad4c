import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';
import { expectNoViolations } from '#tests/browser/support/axe.ts';
import { test, type Visit, withBrowser } from '#tests/browser/support/browser.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, headed, hydrated, reads } from '#tests/browser/support/wait.ts';
import { freePort } from '#tests/support/product.ts';
import { startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { startUserTexts } from '#tests/support/upstreams/user-texts.ts';

/** In seconds. Shorter than the tests, so that pages and calls need new tokens. */
const accessTokenLifetime = 2;

const port = await freePort();
const notes = await startUserTexts('notes');
const provider = await startIdentityProvider({
  siteUrl: `http://localhost:${port}`,
  resources: { [notes.url]: notes.scopes },
  accessTokenLifetime,
});
notes.trust(provider.issuer);
afterAll(async () => {
  await provider.close();
  await notes.close();
});
afterEach(() => {
  notes.refusesTokens = false;
  provider.intercept = undefined;
});
const browser = withBrowser({ PORT: String(port), ...provider.env, NOTES_URL: notes.url });

async function visit(options?: BrowserContextOptions): Promise<Visit> {
  const opened = await browser.visit(options);
  opened.allowProblem(new RegExp(`^request to another host: ${RegExp.escape(provider.issuer)}/`));
  return opened;
}

/** Signs a person in from the page for notes. */
async function signIn(
  page: Page,
  person: 'Ada' | 'Bob' | 'Grace',
  { hasScripts = true } = {},
): Promise<void> {
  await page.goto('/notes');
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Sign in with/ })
    .click();
  await page.getByRole('button', { name: new RegExp(`^${person}`) }).click();
  await field(page).waitFor();
  // Else the browser itself would send the form.
  if (hasScripts) await hydrated(addButton(page));
}

const field = (page: Page) => page.getByRole('textbox', { name: 'New note' });
const list = (page: Page) => page.getByRole('region', { name: 'All notes' });
const addButton = (page: Page) => page.getByRole('button', { name: 'Add' });
const tokenRequests = () => provider.requests.filter(({ path }) => path === '/token').length;
const untilTokenEnds = () => new Promise((resolve) => setTimeout(resolve, accessTokenLifetime * 1_000));

test('a visitor is asked to sign in and finds the page from the start page', async () => {
  const { page } = await visit();
  await page.goto('/');
  await page.getByRole('main').getByRole('link', { name: 'Notes' }).click();
  await headed(page, 'Your notes');
  await reads(page.getByRole('main'), 'Sign in to see your notes.');
  await expectNoViolations(page);
});

test('a note is shown before it is stored, and the server renders it with a refreshed token', async () => {
  const { page } = await visit();
  await signIn(page, 'Ada');
  await reads(list(page), 'You have no notes yet.');
  const held = Promise.withResolvers<void>();
  await page.route('**/api/trpc/proxy.notes.add*', async (route) => {
    await held.promise;
    await route.continue();
  });
  await field(page).fill('Water the plants');
  await addButton(page).click();
  await reads(list(page).getByRole('listitem'), 'Saving…');
  expect(await field(page).inputValue()).toBe('');
  held.resolve();
  await list(page).getByText('Saving…').waitFor({ state: 'detached' });
  await reads(list(page).getByRole('listitem'), 'Water the plants');
  await untilTokenEnds();
  const before = tokenRequests();
  const html = await (await page.request.get('/notes')).text();
  expect(html).toContain('Water the plants');
  expect(html).not.toMatch(/ey[\w-]+\.ey/);
  expect(tokenRequests()).toBe(before + 1);
});

test('the page has no violations of axe and fits a small screen', async () => {
  const { page } = await visit();
  await signIn(page, 'Ada');
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoViolations(page);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  await screenshot(page, 'notes-small-dark');
});

test('without JavaScript, a user adds a note and finds it with a refreshed token', async () => {
  const { page } = await visit({ javaScriptEnabled: false });
  await signIn(page, 'Bob', { hasScripts: false });
  await reads(list(page), 'You have no notes yet.');
  await field(page).fill('Buy bread\n<b>and</b> milk');
  await addButton(page).click();
  await reads(page.getByRole('status'), 'The note is stored.');
  await reads(list(page).getByRole('listitem'), '<b>and</b> milk');
  await untilTokenEnds();
  const before = tokenRequests();
  await page.reload();
  await reads(list(page).getByRole('listitem'), 'Buy bread');
  expect(tokenRequests()).toBe(before + 1);
  notes.refusesTokens = true;
  await field(page).fill('Not stored');
  await addButton(page).click();
  await reads(page.getByRole('alert').first(), 'Please sign in once more for this.');
  await screenshot(page, 'notes-refused');
});

test('a note that is not stored goes back to the field, before what was written meanwhile', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/proxy\.notes\.add/);
  await signIn(page, 'Grace');
  const held = Promise.withResolvers<void>();
  await page.route('**/api/trpc/proxy.notes.add*', async (route) => {
    await held.promise;
    await route.abort();
  });
  await field(page).fill('First');
  await addButton(page).click();
  await reads(list(page).getByRole('listitem'), 'First');
  await field(page).fill('Second');
  held.resolve();
  await reads(page.getByRole('main').getByRole('alert'), 'The server cannot be reached.');
  await becomes(() => list(page).getByRole('listitem').count(), 0);
  expect(await field(page).inputValue()).toBe('First\nSecond');
  await screenshot(page, 'notes-failed');
});

test('a user who must sign in once more returns with the text', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/401/);
  await signIn(page, 'Grace');
  notes.refusesTokens = true;
  await field(page).fill('Keep this');
  await addButton(page).click();
  const link = page.getByRole('main').getByRole('link', { name: 'Sign in once more' });
  await link.waitFor();
  expect(await field(page).inputValue()).toBe('Keep this');
  notes.refusesTokens = false;
  await link.click();
  await page.getByRole('button', { name: /^Grace/ }).click();
  await field(page).waitFor();
  await becomes(() => field(page).inputValue(), 'Keep this');
});

test('a session that the provider has ended is reported, and the text stays', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/401/);
  await signIn(page, 'Grace');
  provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return true;
  };
  await untilTokenEnds();
  await field(page).fill('Still here');
  await addButton(page).click();
  const alert = page.getByRole('alert').filter({ hasText: 'Your session has ended.' });
  expect(await alert.getByRole('link').getAttribute('href')).toContain('returnTo=%2Fnotes');
  expect(await field(page).inputValue()).toBe('Still here');
  await becomes(() => list(page).getByRole('listitem').count(), 0);
});

test('the list stays when it cannot be updated, and says of when it is', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/proxy\.notes\.list/);
  await signIn(page, 'Bob');
  await page.route('**/api/trpc/proxy.notes.list*', (route) => route.abort());
  await page.clock.install();
  await page.clock.fastForward(61_000);
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await page.clock.runFor(10_000);
  await reads(list(page), /These are the notes of .* UTC/);
});
