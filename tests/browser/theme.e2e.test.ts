import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { menuPages } from '#server/site/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { backgroundLuminance, sidewaysOverflow } from './support/layout.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed } from './support/wait.ts';

const { visit } = withBrowser();

const isDark = async (page: Page) => (await backgroundLuminance(page)) < 0.5;
const themeSwitch = (page: Page) => page.getByRole('group', { name: 'Theme' });
const choose = (page: Page, name: string) => themeSwitch(page).getByText(name).click();

describe('the theme', () => {
  test('is that of the system until the visitor chooses one, and again after System', async () => {
    const { page } = await visit();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto('/contact');
    expect(await themeSwitch(page).getByLabel('System').isChecked()).toBe(true);
    await becomes(() => isDark(page), true);
    await choose(page, 'Light');
    await becomes(() => isDark(page), false);
    await choose(page, 'System');
    await becomes(() => isDark(page), true);
  });

  test('is kept for other pages and tabs, and does not wait for the scripts of the page', async () => {
    const { page, expectProblem } = await visit();
    expectProblem(/^net::ERR_FAILED: GET \/_next\/static\//);
    await page.goto('/contact');
    const other = await page.context().newPage();
    await other.goto('/');
    await choose(page, 'Dark');
    await becomes(() => isDark(other), true);
    await other.close();
    await page.route('**/_next/static/**/*.js', (route) => route.abort());
    await page.goto('/docs', { waitUntil: 'domcontentloaded' });
    expect(await isDark(page)).toBe(true);
    expect(await themeSwitch(page).getByLabel('Dark').isChecked()).toBe(true);
    await page.unroute('**/_next/static/**/*.js');
  });

  test('is that of the system without JavaScript, and there is no switch', async () => {
    const { page } = await visit({ javaScriptEnabled: false, colorScheme: 'dark' });
    await page.goto('/contact');
    expect(await isDark(page)).toBe(true);
    expect(await themeSwitch(page).count()).toBe(0);
  });
});

describe('the menu', () => {
  test('of a phone opens without JavaScript, lists all pages and marks the current one', async () => {
    const { page } = await visit({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    await page.goto('/contact');
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    expect(await links.count()).toBe(1);
    await page.getByRole('button', { name: 'Menu' }).click();
    expect(await links.allInnerTexts()).toEqual(expect.arrayContaining(menuPages.map(({ name }) => name)));
    const current = page.locator('[aria-current]:visible');
    expect(await current.allInnerTexts()).toEqual(['Contact']);
    await screenshot(page, 'menu-phone');
    await page.keyboard.press('Escape');
    expect(await links.count()).toBe(1);
  });

  test('of a phone closes when a link was followed', async () => {
    const { page } = await visit({ viewport: { width: 360, height: 740 } });
    await page.goto('/contact');
    await page.getByRole('button', { name: 'Menu' }).click();
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    await links.filter({ hasText: 'Docs' }).click();
    await headed(page, 'Documentation');
    await becomes(() => links.count(), 1);
  });
});

test('a page whose text runs from right to left fits, too', async () => {
  const { page } = await visit();
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ['/', '/design', '/contact', '/status', '/docs']) {
    await page.goto(path);
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
    expect(await sidewaysOverflow(page), path).toEqual([]);
    if (path === '/') await screenshot(page, 'right-to-left');
  }
});
