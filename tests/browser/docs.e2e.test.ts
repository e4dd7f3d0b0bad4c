import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { productTitle } from '#server/config/product-name.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { pageLoads, trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser();

const listed = (page: Page) => page.getByRole('main').getByRole('listitem').getByRole('link').allInnerTexts();
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
    const search = page.getByRole('searchbox', { name: 'Search the procedures' });
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
    await page.getByRole('main').getByRole('link', { name: 'Documentation' }).click();
    await headed(page, 'Documentation');
    await page.getByRole('link', { name: 'how to call' }).click();
    await headed(page, 'How to call');
    expect(pageLoads(requests)).toHaveLength(1);
  });
});

describe('try it', () => {
  test('calls a procedure and shows the response with its types, status, duration and rate limit', async () => {
    const { page, requests, call } = await openProcedure('fixture.reading');
    await call();
    await reads(responseOf(page), /"time": Date \d{4}-\d\d-\d\dT/);
    expect(await factOf(page, 'Status')).toBe('200');
    expect(await factOf(page, 'Duration')).toMatch(/^\d+ ms$/);
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
    expect(await factOf(page, 'Status')).toBe('no response');
  });
});

test('the copy buttons copy the samples as shown', async () => {
  const { page } = await openProcedure('fixture.reading');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const samples = page.getByRole('region', { name: 'Call it' });
  for (const title of ['React component', 'Server component', 'Script or other service', 'curl']) {
    await samples.getByRole('button', { name: `Copy ${title}` }).click();
    await reads(page.getByRole('status').filter({ hasText: `${title}: copied` }), 'copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const shown = await samples.locator(`div:has(> div > h3:text-is("${title}")) > pre`).textContent();
    expect(copied).toBe(shown);
    expect(copied).toContain('fixture.reading');
  }
});
