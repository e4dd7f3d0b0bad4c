import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hydrated } from '#tests/browser/support/wait.ts';
import { launchBrowser } from '#tests/support/chromium.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { missingPages, pages } from './support/pages.ts';

let product: Product;
let browser: Browser;
beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await product.close();
});

/** Loads a page and gives what its policy forbade, as the page itself and as the console saw it. */
async function visit(path: string, work: (page: Page) => Promise<void>): Promise<string[]> {
  const context = await browser.newContext({ baseURL: product.baseUrl });
  context.setDefaultTimeout(10_000);
  try {
    const page = await context.newPage();
    const problems: string[] = [];
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
        const report: unknown = Reflect.get(window, 'reportViolation');
        if (typeof report === 'function') {
          report(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
        }
      });
    });
    await page.goto(path);
    await work(page);
    await page.waitForLoadState('networkidle');
    return problems;
  } finally {
    await context.close();
  }
}

describe.each([...pages, ...missingPages, '/no-such-file.txt'])('%s', (path) => {
  test('is forbidden nothing and comes alive', { timeout: 60_000 }, async () => {
    const problems = await visit(path, async (page) => {
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Posts' });
      await hydrated(link);
      await page.evaluate(() => Reflect.set(window, 'sameDocument', true));
      if (path === '/posts') return;
      await link.click();
      await page.getByRole('heading', { level: 1, name: 'Posts', exact: true }).waitFor();
      expect(await page.evaluate(() => Reflect.get(window, 'sameDocument'))).toBe(true);
    });
    expect(problems).toEqual([]);
  });
});

test('a script that somebody put into a page does not run', async () => {
  const problems = await visit('/posts', async (page) => {
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
    });
    expect(await page.evaluate(() => Reflect.has(window, 'injected'))).toBe(false);
  });
  expect(problems.some((text) => text.includes('script-src'))).toBe(true);
});
