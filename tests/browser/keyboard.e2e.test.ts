import { expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { hourlyTable } from './support/forecast.ts';
import { markInteractive, tabThrough } from './support/keyboard.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, headed, hydrated, reads } from './support/wait.ts';

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
    await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Posts' }));
    // Controls that need scripts are disabled until hydration.
    await becomes(() => page.getByRole('main').locator('button:disabled').count(), 0);
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

test('Enter follows a link, Space presses a button and opens a table, arrow keys choose a sample', async () => {
  const { page } = await visit();
  await page.goto('/');
  const samples = page.getByRole('radio');
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Weather' }));
  await samples.first().focus();
  await page.keyboard.press('ArrowDown');
  expect(await samples.nth(1).isChecked()).toBe(true);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Weather' }).focus();
  await page.keyboard.press('Enter');
  await headed(page, 'Weather');
  await page.getByRole('button', { name: 'Show °F and mph' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
  await page.locator('summary').focus();
  await page.keyboard.press('Space');
  await hourlyTable(page).waitFor();
});

test('a place can be found and chosen with the keyboard only', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  const field = page.getByRole('combobox', { name: 'Place' });
  await hydrated(field);
  await field.focus();
  await page.keyboard.type('Li');
  const matches = page.getByRole('listbox', { name: 'Places found' }).getByRole('option');
  await matches.nth(1).waitFor();
  expect(await field.getAttribute('aria-expanded')).toBe('true');
  const highlighted = async () => {
    const id = await field.getAttribute('aria-activedescendant');
    return page.evaluate((name) => document.getElementById(name ?? '')?.textContent, id);
  };
  expect(await highlighted()).toBe(await matches.first().innerText());
  await page.keyboard.press('ArrowDown');
  await becomes(highlighted, await matches.nth(1).innerText());
  await page.keyboard.press('ArrowUp');
  await screenshot(page, 'keyboard-match');

  await page.keyboard.press('Escape');
  await becomes(() => field.getAttribute('aria-expanded'), 'false');
  await page.keyboard.type('sb');
  await matches.filter({ hasText: 'Lisbon, Portugal' }).waitFor();
  await page.keyboard.press('Enter');
  await reads(page.getByRole('main'), 'All times are in Europe/Lisbon.');
});
