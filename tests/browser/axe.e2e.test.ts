import { describe } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { expectNoViolations } from './support/axe.ts';
import { test, withBrowser } from './support/browser.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

describe('axe finds no violations in the light and dark scheme', () => {
  test.each(pages)('on %s', async (path) => {
    const { page } = await visit();
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
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
