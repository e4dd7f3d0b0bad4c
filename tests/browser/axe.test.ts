import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { withBrowser } from './support/browser.ts';
import { dailyTable } from './support/forecast.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

const paths = [
  '/',
  '/weather',
  '/contact',
  '/echo',
  '/proxy',
  '/posts',
  '/posts/one-typed-door',
  '/inbox',
  '/status',
];

/** What axe finds against WCAG 2.2 at levels A and AA and against its own best practices, a line for each place. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

describe.each(['light', 'dark'] as const)('in %s colours axe finds nothing', (colorScheme) => {
  test('on any page', async () => {
    const { page } = await visit({ colorScheme });
    const found: Record<string, string[]> = {};
    for (const path of paths) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const here = await findings(page);
      if (here.length > 0) found[path] = here;
    }
    expect(found).toEqual({});
  }, 120_000);

  test('on a list of hits, an open table and a refused form', async () => {
    const { page } = await visit({ colorScheme });
    await page.goto('/weather');
    const search = page.getByRole('combobox');
    await hydrated(search);
    await page.getByText('The hours as a table').click();
    await dailyTable(page).waitFor();
    await search.fill('Lisb');
    await page.getByRole('option').first().waitFor();
    expect(await findings(page)).toEqual([]);
    await page.goto('/contact');
    const send = page.getByRole('button', { name: 'Send' });
    await hydrated(send);
    await send.click();
    await page.getByRole('main').getByRole('alert').first().waitFor();
    expect(await findings(page)).toEqual([]);
  }, 120_000);
});
