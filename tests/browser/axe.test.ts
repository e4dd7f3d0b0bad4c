import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { dailyTable } from './support/forecast.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

/**
 * What axe finds against WCAG 2.2 at levels A and AA and against its own best practices, a line for each place.
 *
 * @param only of the rules that have this tag
 */
async function findings(page: Page, only?: string): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (only ? axe.withTags(only) : axe).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** In both colours: the style sheet alone tells them apart, so that the second time only its rules are asked. */
async function expectNothingFound(page: Page): Promise<void> {
  const { pathname } = new URL(page.url());
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await findings(page), `${pathname} in light colours`).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await findings(page, 'cat.color'), `${pathname} in dark colours`).toEqual([]);
}

describe('in light and dark colours axe finds nothing', () => {
  test.each(pages)('on %s', async (path) => {
    const { page } = await visit();
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expectNothingFound(page);
  });

  test('on a list of hits and an open table', async () => {
    const { page } = await visit();
    await page.goto('/weather');
    const search = page.getByRole('combobox');
    await hydrated(search);
    await page.getByText('The hours as a table').click();
    await dailyTable(page).waitFor();
    await search.fill('Lisb');
    await page.getByRole('option').first().waitFor();
    await expectNothingFound(page);
  });

  test('on a refused form', async () => {
    const { page } = await visit();
    await page.goto('/contact');
    const send = page.getByRole('button', { name: 'Send' });
    await hydrated(send);
    await send.click();
    await page.getByRole('main').getByRole('alert').first().waitFor();
    await expectNothingFound(page);
  });
});
