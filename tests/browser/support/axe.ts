import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

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
export async function expectNoViolations(page: Page): Promise<void> {
  const { pathname } = new URL(page.url());
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await findings(page), `${pathname} in the light scheme`).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await findings(page, 'cat.color'), `${pathname} in the dark scheme`).toEqual([]);
}
