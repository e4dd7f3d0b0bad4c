import { expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

test('arrow keys choose a sample', async () => {
  const { page } = await visit();
  await page.goto('/');
  const samples = page.getByRole('radio');
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Contact' }));
  await samples.first().focus();
  await page.keyboard.press('ArrowDown');
  expect(await samples.nth(1).isChecked()).toBe(true);
});
