import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { withBrowser } from './support/browser.ts';
import { hydrated } from './support/wait.ts';

const { visit } = withBrowser();

const paths = [
  '/',
  '/weather',
  '/contact',
  '/echo',
  '/proxy',
  '/docs',
  '/docs/calling',
  '/docs/weather.forecast',
  '/docs/mail.list',
  '/feeds',
  '/posts',
  '/posts/one-typed-door',
  '/inbox',
  '/status',
];

/** Records every shift of the page's layout that no input of the visitor caused, with what moved. */
async function watchShifts(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (Reflect.get(entry, 'hadRecentInput')) continue;
        const sources: { node: Node | null }[] = Reflect.get(entry, 'sources');
        const moved = sources.map(({ node }) =>
          node instanceof Element ? node.outerHTML.slice(0, 120) : '',
        );
        shifts.push([Reflect.get(entry, 'value'), ...moved].join(' '));
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return () => page.evaluate(() => Reflect.get(window, 'shifts'));
}

/** Until fonts are in use, scripts have taken over and two frames were drawn with both. */
async function stands(page: Page): Promise<void> {
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Posts' }));
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  });
}

describe.each([320, 1440])('%i px wide', (width) => {
  test('nothing moves on any page while it loads', { timeout: 120_000 }, async () => {
    const { page } = await visit({ viewport: { width, height: 900 } });
    const shifts = await watchShifts(page);
    const moved: Record<string, string[]> = {};
    for (const path of paths) {
      await page.goto(path);
      await stands(page);
      const here = await shifts();
      if (here.length > 0) moved[path] = here;
    }
    expect(moved).toEqual({});
  });
});
