import { describe, expect, test } from 'vitest';
import { withBrowser } from './support/browser.ts';
import { markInteractive, tabThrough } from './support/keyboard.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, hydrated, reads } from './support/wait.ts';

const { visit } = withBrowser();

test.each(['/', '/weather', '/posts'])(
  'the skip link of %s shows on focus and leads past the navigation',
  async (path) => {
    const { page } = await visit();
    await page.goto(path);
    const link = page.getByRole('link', { name: 'Skip to content' });
    expect((await link.boundingBox())?.width).toBeLessThanOrEqual(1);
    await page.keyboard.press('Tab');
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);
    expect((await link.boundingBox())?.width).toBeGreaterThan(50);
    await screenshot(page, `keyboard-skip-link${path.replaceAll('/', '-')}`);
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#content');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  },
);

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each(['/weather', '/contact'])('every control of %s is reached by Tab and shows it', async (path) => {
    const { page } = await visit({ colorScheme });
    await page.goto(path);
    await hydrated(page.getByRole('main').getByRole('button').first());
    const controls = await markInteractive(page);
    expect(controls.length).toBeGreaterThan(8);
    const stops = await tabThrough(page, controls.length + 5);
    expect(stops.map(({ element }) => element)).toEqual(controls);
    expect(stops.filter(({ outlined }) => !outlined)).toEqual([]);
    expect(stops.filter(({ onScreen }) => !onScreen)).toEqual([]);
  });
});

test('a place is found and chosen with the keyboard alone', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  const field = page.getByRole('combobox', { name: 'Place' });
  await hydrated(field);
  await field.focus();
  await page.keyboard.type('Li');
  const hits = page.getByRole('listbox', { name: 'Places found' }).getByRole('option');
  await hits.nth(1).waitFor();
  expect(await field.getAttribute('aria-expanded')).toBe('true');
  const pointedAt = async () => {
    const id = await field.getAttribute('aria-activedescendant');
    return page.evaluate((name) => document.getElementById(name ?? '')?.textContent, id);
  };
  expect(await pointedAt()).toBe(await hits.first().innerText());
  await page.keyboard.press('ArrowDown');
  await becomes(pointedAt, await hits.nth(1).innerText());
  await page.keyboard.press('ArrowUp');
  await screenshot(page, 'keyboard-hit');

  await page.keyboard.press('Escape');
  expect(await field.getAttribute('aria-expanded')).toBe('false');
  await page.keyboard.type('sb');
  await hits.filter({ hasText: 'Lisbon, Portugal' }).waitFor();
  await page.keyboard.press('Enter');
  await reads(page.getByRole('main'), 'Times are those of Europe/Lisbon.');
});
