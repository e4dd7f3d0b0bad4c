import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { send } from '#tests/identity/send.ts';
import { launchBrowser } from '#tests/support/chromium.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';
import { startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { type Listening, listenOnLoopback } from '#tests/support/upstreams/loopback.ts';

const test = testWith('chromium');

// For browsers, hosts below app.localhost are siblings of app.localhost, as those of a company are.
const port = await freePort();
const siteUrl = `http://app.localhost:${port}`;
const provider = await startIdentityProvider({ siteUrl });
let product: Product | undefined;
let sibling: Listening | undefined;
let browser: Awaited<ReturnType<typeof launchBrowser>> | undefined;

beforeAll(async () => {
  product = await startProduct({ PORT: String(port), SITE_URL: siteUrl, ...provider.env });
  sibling = await listenOnLoopback(async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sibling</title>');
  });
  browser = await launchBrowser({ keepsPages: true });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await sibling?.close();
  await product?.close();
  await provider.close();
});

/** Opens a profile with a page of the account, in which Ada is signed in. */
async function signedIn(): Promise<{ context: BrowserContext; page: Page }> {
  if (!browser) throw new Error('the browser has not started yet');
  const context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  await page.goto(`${siteUrl}/auth/sign-in?returnTo=/account`);
  await page.getByRole('button', { name: /^Ada/ }).click();
  await page.getByText('ada@people.example').first().waitFor();
  return { context, page };
}

/** Opens a page of the sibling domain. */
async function openSibling(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://other.app.localhost:${new URL(sibling?.url ?? '').port}/`);
  return page;
}

describe('a page of a sibling domain', () => {
  test('gets the page of a visitor, although the browser sends the session cookie', async () => {
    const { context } = await signedIn();
    const page = await openSibling(context);
    const answered = page.waitForResponse(/account$/);
    await page.evaluate((url) => window.location.assign(url), `${siteUrl}/account`);
    const response = await answered;
    const sent = await response.request().allHeaders();
    expect([sent.cookie?.includes('session='), sent['sec-fetch-site']]).toEqual([true, 'same-site']);
    // The page loads itself again at once, and the browser drops the first body: the same request gets the same page.
    const headers = { ...sent, host: new URL(siteUrl).host, 'accept-encoding': 'identity' };
    const html = await (await send(`${product?.baseUrl}/account`, { headers })).text();
    expect(html).toContain('Sign in to see your sessions');
    expect(html).not.toContain('ada@people.example');
    await context.close();
  });

  test('cannot sign the user out', async () => {
    const { context, page: account } = await signedIn();
    const page = await openSibling(context);
    const answered = page.waitForResponse(/sign-out/);
    await page.evaluate((url) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action: url });
      document.body.append(form);
      form.submit();
    }, `${siteUrl}/auth/sign-out`);
    expect((await answered).status()).toBe(403);
    await account.reload();
    await account.getByText('ada@people.example').first().waitFor();
    await context.close();
  });
});

test('a page that the browser has kept shows nothing of the user after signing out', async () => {
  const { context, page } = await signedIn();
  await page.goto(`${siteUrl}/feeds`);
  const other = await context.newPage();
  await other.goto(`${siteUrl}/account`);
  await other.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.waitForURL(`${siteUrl}/`);
  await page.goBack();
  await page.getByText('Sign in to see your sessions').waitFor();
  expect(await page.getByText('ada@people.example').count()).toBe(0);
  await context.close();
});
