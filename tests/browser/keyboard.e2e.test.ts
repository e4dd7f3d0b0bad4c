import { expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { markInteractive, tabThrough } from './support/keyboard.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated } from './support/wait.ts';

const { visit } = withBrowser();

test('the skip link of every page shows on focus and skips the navigation', {
  timeout: 120_000,
}, async () => {
  const { page } = await visit();
  for (const path of pages) {
    await page.goto(path);
    const link = page.getByRole('link', { name: 'Skip to content' });
    expect((await link.boundingBox())?.width, path).toBeLessThanOrEqual(1);
    await page.keyboard.press('Tab');
    expect(await link.evaluate((element) => element === document.activeElement), path).toBe(true);
    expect((await link.boundingBox())?.width, path).toBeGreaterThan(50);
    if (path === '/') await screenshot(page, 'keyboard-skip-link');
    await page.keyboard.press('Enter');
    await becomes(() => new URL(page.url()).hash, '#mainContent');
    await page.keyboard.press('Tab');
    // The next tab stop of a page without controls is in the footer.
    const next = await page.evaluate(() => document.activeElement?.closest('main, footer') !== null);
    expect(next, path).toBe(true);
  }
});

test('Tab reaches every control of every page in order, with a visible focus in both colour schemes', {
  timeout: 120_000,
}, async () => {
  const { page } = await visit();
  for (const path of pages) {
    await page.goto(path);
    await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Contact' }));
    // Controls that need scripts are disabled until hydration. One page shows disabled ones.
    const disabled = path === '/design' ? 2 : 0;
    await becomes(() => page.getByRole('main').locator('button:disabled').count(), disabled);
    const controls = await markInteractive(page);
    expect(controls.length, path).toBeGreaterThan(8);
    for (const colorScheme of ['light', 'dark'] as const) {
      const where = `${path} in the ${colorScheme} scheme`;
      await page.emulateMedia({ colorScheme });
      const stops = await tabThrough(page, controls.length + 5);
      expect(
        stops.map(({ element }) => element),
        where,
      ).toEqual(controls);
      expect(
        stops.filter(({ outlined }) => !outlined),
        where,
      ).toEqual([]);
      expect(
        stops.filter(({ onScreen }) => !onScreen),
        where,
      ).toEqual([]);
    }
  }
});

test('Enter follows a link, Space presses a button', async () => {
  const { page } = await visit();
  await page.goto('/');
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Contact' }));
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Contact' }).focus();
  await page.keyboard.press('Enter');
  await headed(page, 'Contact');
  await page.getByRole('button', { name: 'Send' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('main').getByRole('alert').first().waitFor();
});
