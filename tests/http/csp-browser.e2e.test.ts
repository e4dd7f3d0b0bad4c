import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { hydrated } from '#tests/browser/support/wait.ts';
import { missingPages, pagesAndPosts } from '#tests/support/pages.ts';
import { sharedBrowser, sharedProduct } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('chromium');

let page: Page;
/** Policy violations and errors on the page since the test began. */
let problems: string[] = [];

beforeAll(async () => {
  const [product, browser] = await Promise.all([sharedProduct(), sharedBrowser()]);
  // All tests use one page, so that shared scripts are fetched and compiled once.
  page = await browser.newPage({ baseURL: product.baseUrl });
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) problems.push(text);
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.exposeFunction('reportViolation', (text: string) => {
    problems.push(text);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      if ('reportViolation' in window && typeof window.reportViolation === 'function') {
        window.reportViolation(
          `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
        );
      }
    });
  });
});

afterAll(async () => {
  await page?.context().close();
});

beforeEach(() => {
  problems = [];
});

test.each([...pagesAndPosts, ...missingPages, '/no-such-file.txt'])(
  '%s hydrates without a policy violation',
  async (path) => {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Status' });
    await hydrated(link);
    if (path !== '/status') {
      await page.evaluate(() => void Object.assign(window, { sameDocument: true }));
      await link.click();
      await page.getByRole('heading', { level: 1, name: 'Status', exact: true }).waitFor();
      expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    }
    expect(problems).toEqual([]);
  },
);

test('an injected script does not run', async () => {
  await page.goto('/status');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
  });
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
  await expect.poll(() => problems.some((text) => text.includes('script-src'))).toBe(true);
});
