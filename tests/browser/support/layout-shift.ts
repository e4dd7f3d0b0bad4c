import type { Page } from 'playwright-core';
import { hydrated } from './wait.ts';

/** From the next page on, records every shift of the layout that no input of the visitor caused, with what moved. */
export async function watchShifts(page: Page): Promise<() => Promise<string[]>> {
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
  return async () => {
    await drawn(page);
    return page.evaluate(() => Reflect.get(window, 'shifts'));
  };
}

/** Until fonts are in use, scripts have taken over and frames were drawn with both. */
async function drawn(page: Page): Promise<void> {
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Posts' }));
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  });
}
