import { expect } from 'vitest';
import { productTitle } from '#server/config/product-name.ts';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, headed } from '#tests/browser/support/wait.ts';

const { visit } = withBrowser();

test('the list of posts links to a post, and the post links back', async () => {
  const { page } = await visit();
  await page.goto('/posts');
  const links = page.getByRole('article').getByRole('link');
  const title = await links.first().innerText();
  await links.first().click();
  await headed(page, title);
  await becomes(() => page.title(), `${title} · ${productTitle}`);
  expect(await page.getByRole('article').locator('p').count()).toBeGreaterThan(2);
  await screenshot(page, 'walk-post');
  await page.getByRole('link', { name: 'All posts' }).click();
  await headed(page, 'Posts');
});

test('without JavaScript, the list and a post are complete, and a missing post shows the 404 page', async () => {
  const { page, expectProblem } = await visit({ javaScriptEnabled: false });
  await page.goto('/posts');
  await headed(page, 'Posts');
  await page.goto('/posts/one-typed-door');
  await headed(page, 'Why all procedures share one endpoint');
  expectProblem(/^404: GET \/.*no-such-/);
  const response = await page.goto('/posts/no-such-post');
  expect(response?.status()).toBe(404);
  await headed(page, 'Page not found');
});
