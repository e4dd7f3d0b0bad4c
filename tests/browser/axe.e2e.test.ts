import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { dailyTable } from './support/forecast.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

/**
 * Returns axe's violations of WCAG 2.2, levels A and AA, and of its best practices, one line per element.
 *
 * @param tag runs only the rules with this tag
 */
async function findings(page: Page, tag?: string): Promise<string[]> {
  // Axe describes every node of the other results, too, which takes a third of its time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const { violations } = await (tag ? axe.withTags(tag) : axe).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** Runs all rules in the light scheme. Only the style sheet differs in the dark one, so its run has only colour rules. */
async function expectNoViolations(page: Page): Promise<void> {
  const { pathname } = new URL(page.url());
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await findings(page), `${pathname} in the light scheme`).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await findings(page, 'cat.color'), `${pathname} in the dark scheme`).toEqual([]);
}

describe('axe finds no violations in the light and dark scheme', () => {
  test.each(pages)('on %s', async (path) => {
    const { page } = await visit();
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expectNoViolations(page);
  });

  test('on the weather page with open matches and an open table', async () => {
    const { page } = await visit();
    await page.goto('/weather');
    const search = page.getByRole('combobox');
    await hydrated(search);
    await page.getByText('Show the hours as a table').click();
    await dailyTable(page).waitFor();
    await search.fill('Lisb');
    await page.getByRole('option').first().waitFor();
    await expectNoViolations(page);
  });

  test('on a form with validation errors', async () => {
    const { page } = await visit();
    await page.goto('/contact');
    const send = page.getByRole('button', { name: 'Send' });
    await hydrated(send);
    await send.click();
    await page.getByRole('main').getByRole('alert').first().waitFor();
    await expectNoViolations(page);
  });
});
