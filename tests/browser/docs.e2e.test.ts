import type { Locator, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { productTitle } from '#server/config/product-name.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { pageLoads, trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser();

const listed = (page: Page) => page.locator('.docs-result').allInnerTexts();
const navigation = (page: Page) => page.getByRole('navigation', { name: 'Documentation', exact: true });
const currentLinks = (page: Page) => navigation(page).locator('[aria-current="page"]').allInnerTexts();
const isFocused = (locator: Locator) => locator.evaluate((element) => element === document.activeElement);
const responseOf = (page: Page) => page.getByRole('region', { name: 'Try it' }).locator('pre');
const factOf = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Try it' }).locator(`dt:has-text("${name}") + dd`).innerText();

/** Opens the page of a procedure and waits for its form. */
async function openProcedure(path: string) {
  const opened = await visit();
  await opened.page.goto(`/docs/${path}`);
  const button = opened.page.getByRole('button', { name: 'Call', exact: true });
  await hydrated(button);
  return { ...opened, call: () => button.click() };
}

describe('the list of procedures', () => {
  test('is filtered on each keystroke, with the query in the URL and without a page load', async () => {
    const { page, requests } = await visit();
    await page.goto('/docs');
    const search = page.getByRole('searchbox', { name: 'Search procedures, guide and errors' });
    await hydrated(search);
    expect((await listed(page)).sort()).toEqual([...procedures.keys()].sort());
    await search.pressSequentially('finds names');
    await becomes(() => listed(page), ['fixture.search']);
    await reads(page.getByRole('status').filter({ hasText: 'of' }), '1 of ');
    expect(new URL(page.url()).search).toBe('?q=finds+names');
    await search.press('Enter');
    expect(await listed(page)).toEqual(['fixture.search']);
    await search.fill('no such thing');
    await page.getByRole('button', { name: 'Show all' }).click();
    await becomes(async () => (await listed(page)).length, procedures.size);
    expect(new URL(page.url()).search).toBe('');
    expect(pageLoads(requests)).toHaveLength(1);
  });

  test('is filtered without JavaScript by its form', async () => {
    const { page } = await visit({ javaScriptEnabled: false });
    await page.goto('/docs');
    await page.getByRole('searchbox').fill('items');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL('**/docs?q=items');
    const found = await listed(page);
    expect(found).toContain('proxy.items.item');
    expect(found).not.toContain('fixture.body');
    expect(await page.getByRole('searchbox').inputValue()).toBe('items');
    await screenshot(page, 'docs-search-without-javascript');
    await page.getByRole('link', { name: 'proxy.items.item' }).click();
    await headed(page, 'proxy.items.item');
    expect(await page.getByRole('main').innerText()).toContain('This form needs JavaScript.');
  });

  test('links to a procedure and to the guide without a page load', async () => {
    const { page, requests } = await visit();
    await page.goto('/docs');
    await hydrated(page.getByRole('searchbox'));
    await page.getByRole('link', { name: 'fixture.reading' }).click();
    await headed(page, 'fixture.reading');
    await becomes(() => page.title(), `fixture.reading · ${productTitle}`);
    await page.getByRole('main').getByRole('link', { name: 'Overview' }).click();
    await headed(page, 'Documentation');
    await page.getByRole('link', { name: 'how to call', exact: true }).first().click();
    await headed(page, 'How to call');
    expect(pageLoads(requests)).toHaveLength(1);
  });

  test('is reached by / from every page, and the arrow keys move to the results', async () => {
    const { page, requests } = await visit();
    await page.goto('/docs/calling');
    await hydrated(navigation(page).getByRole('link', { name: 'Search', exact: true }));
    await page.keyboard.press('/');
    await headed(page, 'Documentation');
    const search = page.getByRole('searchbox');
    await becomes(() => isFocused(search), true);
    await page.keyboard.type('rate_limited');
    await becomes(() => listed(page), ['rate_limited']);
    await page.keyboard.press('ArrowDown');
    expect(await isFocused(page.getByRole('link', { name: 'rate_limited' }))).toBe(true);
    await page.keyboard.press('/');
    expect(await isFocused(search)).toBe(true);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await headed(page, 'How to call');
    await becomes(() => new URL(page.url()).hash, '#errors');
    expect(pageLoads(requests)).toHaveLength(1);
  });
});

describe('the navigation', () => {
  test('marks the current page, and leads to it, the previous and the next one', async () => {
    const { page, requests } = await visit();
    await page.goto('/docs/fixture.body');
    await hydrated(navigation(page).getByRole('link', { name: 'Search', exact: true }));
    expect(await currentLinks(page)).toEqual([expect.stringMatching(/^body/)]);
    await navigation(page).getByRole('link', { name: 'reading' }).click();
    await headed(page, 'fixture.reading');
    expect(await currentLinks(page)).toEqual(['reading']);
    await page.getByRole('link', { name: 'Next fixture.search' }).click();
    await headed(page, 'fixture.search');
    await page.getByRole('link', { name: 'Previous fixture.reading' }).click();
    await headed(page, 'fixture.reading');
    expect(pageLoads(requests)).toHaveLength(1);
  });

  test('is behind a button on a phone, also without JavaScript', async () => {
    const { page } = await visit({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
    await page.goto('/docs/fixture.body');
    expect(await navigation(page).count()).toBe(0);
    await page.getByRole('button', { name: 'All pages' }).click();
    await screenshot(page, 'docs-navigation-phone');
    await navigation(page).getByRole('link', { name: 'reading' }).click();
    await headed(page, 'fixture.reading');
    expect(await navigation(page).count()).toBe(0);
  });

  test('is beside the page on a wide screen, and both stay with the samples while the page scrolls', async () => {
    const { page } = await visit();
    await page.setViewportSize({ width: 1440, height: 800 });
    await page.goto('/docs/fixture.reading');
    await page.getByRole('heading', { name: 'Errors' }).scrollIntoViewIfNeeded();
    const left = await navigation(page).boundingBox();
    const middle = await page.getByRole('region', { name: 'Errors' }).boundingBox();
    const right = await page.getByRole('region', { name: 'Call it' }).boundingBox();
    expect((left?.x ?? 0) + (left?.width ?? 0)).toBeLessThan(middle?.x ?? 0);
    expect((middle?.x ?? 0) + (middle?.width ?? 0)).toBeLessThan(right?.x ?? 0);
    for (const box of [left, right]) {
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect(box?.y).toBeLessThan(200);
    }
  });
});

describe('try it', () => {
  test('calls a procedure and shows the response with its types, status, duration and rate limit', async () => {
    const { page, requests, call } = await openProcedure('fixture.reading');
    await call();
    await reads(responseOf(page), /"time": Date \d{4}-\d\d-\d\dT/);
    expect(await factOf(page, 'Status')).toBe('200');
    expect(await factOf(page, 'Duration')).toMatch(/^\d+ ms$/);
    expect(await factOf(page, 'Time to headers')).toMatch(/^\d+ ms$/);
    await page.getByText(/^\d+ response headers$/).click();
    expect(await factOf(page, 'x-request-id')).toBe(await factOf(page, 'Request id'));
    expect(await factOf(page, 'Rate limit')).toMatch(/^upstream: \d+ left for \d+ seconds?$/);
    expect(product().log()).toContain(await factOf(page, 'Request id'));
    await reads(page.getByRole('status').filter({ hasText: 'call' }), 'The call succeeded after ');
    const [request, ...more] = trpcCalls(requests);
    expect(more).toEqual([]);
    expect(request?.method()).toBe('POST');
    expect(request?.url()).not.toContain('52.52');
    await screenshot(page, 'docs-try-response');
  });

  test('works with the keyboard only', async () => {
    const { page } = await openProcedure('fixture.body');
    const input = page.getByLabel('Input as JSON');
    await input.focus();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('{"typed":"by hand"}');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await reads(responseOf(page), '"typed": "by hand"');
  });

  test('takes values that JSON does not have as superjson', async () => {
    const { page, call } = await openProcedure('fixture.body');
    await page.getByRole('button', { name: 'Example 2' }).click();
    await page.getByLabel('Input as superjson').waitFor();
    await call();
    await reads(responseOf(page), /"sentAt": Date 2026-[\s\S]+"tags": Set \{/);
  });

  test('rejects invalid JSON without sending a request', async () => {
    const { page, requests, call } = await openProcedure('fixture.search');
    await page.getByLabel('Input as JSON').fill('{ name: ');
    await call();
    await reads(page.getByRole('alert').first(), 'Invalid JSON');
    expect(trpcCalls(requests)).toEqual([]);
  });

  test("shows the server's error and the error response", async () => {
    const { page, call, expectProblem } = await openProcedure('fixture.reading');
    expectProblem(/^400: POST \/api\/trpc\/fixture\.reading/);
    await page.getByLabel('Input as JSON').fill('{ "lat": 91, "lng": "x" }');
    await call();
    const panel = page.getByRole('alert').filter({ hasText: 'Reason' });
    const { reason, requestId } = await readFailure(panel);
    expect(reason).toBe('invalid_input');
    expect(await factOf(page, 'Request id')).toBe(requestId);
    expect(await factOf(page, 'Status')).toBe('400');
    await reads(panel, 'lat');
    await reads(responseOf(page), '"httpStatus": 400');
    await screenshot(page, 'docs-try-error');
  });

  test('asks for a service key if the procedure needs one, does not store it, and shows the error', async () => {
    const { page, requests, call, expectProblem } = await openProcedure('mail.list');
    expectProblem(/^401: POST \/api\/trpc\/mail\.list/);
    const key = 'an-unknown-key';
    await page.getByLabel('Service key').fill(key);
    await call();
    const { reason } = await readFailure(page.getByRole('alert').filter({ hasText: 'Reason' }));
    expect(reason).toBe('unauthorized');
    const [request] = trpcCalls(requests);
    expect(await request?.headerValue('authorization')).toBe(`Bearer ${key}`);
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    expect(stored).not.toContain(key);
    await page.reload();
    expect(await page.getByLabel('Service key').inputValue()).toBe('');
  });

  test('shows that the browser is offline', async () => {
    const { page, call, expectProblem } = await openProcedure('fixture.request');
    expectProblem(/ERR_INTERNET_DISCONNECTED|Failed to load/);
    await page.context().setOffline(true);
    await call();
    await reads(page.getByRole('alert').first(), 'You are offline.');
    await page.context().setOffline(false);
    await call();
    await becomes(() => factOf(page, 'Status'), '200');
    await page.context().setOffline(true);
    await call();
    await becomes(() => factOf(page, 'Status'), 'no response');
    await reads(page.getByRole('alert').first(), 'You are offline.');
  });
});

const samplesOf = (page: Page) => page.getByRole('region', { name: 'Call it' });
const choose = (page: Page, language: string) =>
  samplesOf(page)
    .locator('label')
    .filter({ hasText: new RegExp(`^${language}$`) })
    .click();

test('the copy buttons copy the samples as shown', async () => {
  const { page } = await openProcedure('fixture.reading');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const samples = samplesOf(page);
  for (const title of ['curl', 'TypeScript', 'fetch', 'Python', 'Go', 'React', 'Server component']) {
    await choose(page, title);
    await samples.getByRole('button', { name: `Copy ${title}` }).click();
    await reads(page.getByRole('status').filter({ hasText: `${title}: copied` }), 'copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(await samples.locator('pre:visible').textContent());
    expect(copied).toContain('fixture.reading');
  }
});

test('the chosen language is that of the next page and of the next visit', async () => {
  const { page } = await openProcedure('fixture.reading');
  const python = () => samplesOf(page).getByRole('radio', { name: 'Python' });
  await choose(page, 'Python');
  await page.getByRole('link', { name: 'Next fixture.search' }).click();
  await headed(page, 'fixture.search');
  expect(await python().isChecked()).toBe(true);
  await page.reload();
  await becomes(() => python().isChecked(), true);
});

test('the languages can be switched without JavaScript', async () => {
  const { page } = await visit({ javaScriptEnabled: false });
  await page.goto('/docs/fixture.reading');
  await choose(page, 'Go');
  expect(await samplesOf(page).locator('pre:visible').innerText()).toContain('package main');
});

test('inner fields of a long output are folded by level', async () => {
  const { page } = await openProcedure('fixture.reading');
  const output = page.getByRole('region', { name: 'Output' });
  expect(await output.getByText('isValid', { exact: true }).isVisible()).toBe(false);
  await output.getByText('8 fields of hourly').click();
  expect(await output.getByText('isValid', { exact: true }).isVisible()).toBe(true);
});
