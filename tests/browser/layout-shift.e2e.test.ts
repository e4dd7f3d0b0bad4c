import { describe, expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { watchShifts } from './support/layout-shift.ts';

const { visit } = withBrowser();

describe.each([320, 1440])('%i px wide', (width) => {
  test('no page shifts its layout while it loads', { timeout: 120_000 }, async () => {
    const { page } = await visit({ viewport: { width, height: 900 } });
    const shifts = await watchShifts(page);
    const moved: Record<string, string[]> = {};
    for (const path of pages) {
      await page.goto(path);
      const here = await shifts();
      if (here.length > 0) moved[path] = here;
    }
    expect(moved).toEqual({});
  });
});
