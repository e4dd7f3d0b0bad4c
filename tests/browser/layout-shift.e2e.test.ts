import { describe, expect, onTestFinished } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { watchShifts } from './support/layout-shift.ts';
import { startSlowHtml } from './support/slow-html.ts';

const { visit, product } = withBrowser();

describe.each([320, 1440])('%i px wide', (width) => {
  const viewport = { width, height: 900 };

  test('no page shifts its layout while it loads', { timeout: 120_000 }, async () => {
    const { page } = await visit({ viewport });
    const shifts = await watchShifts(page);
    const moved: Record<string, string[]> = {};
    for (const path of pages) {
      await page.goto(path);
      const here = await shifts();
      if (here.length > 0) moved[path] = here;
    }
    expect(moved).toEqual({});
  });

  test.each(['/contact', '/proxy'])('%s does not shift its layout while its HTML arrives', async (path) => {
    const slow = await startSlowHtml(product().baseUrl);
    onTestFinished(slow.close);
    const { page, allowProblem } = await visit({ viewport });
    allowProblem(/^request to another host/);
    const shifts = await watchShifts(page);
    await page.goto(`${slow.url}${path}`);
    expect(await shifts()).toEqual([]);
  });
});
