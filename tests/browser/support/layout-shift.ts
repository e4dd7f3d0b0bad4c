import type { Page } from 'playwright-core';
import { hydrated } from './wait.ts';

/** Records layout shifts without recent user input from the next page load on, with the elements that moved. */
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
    await painted(page);
    return page.evaluate(() => Reflect.get(window, 'shifts'));
  };
}

/** Waits until the page is hydrated, its fonts are loaded and two frames are painted with both. */
async function painted(page: Page): Promise<void> {
  // On a small screen, the links of the menu are not shown.
  await hydrated(page.getByRole('navigation', { name: 'Main' }).getByRole('link').first());
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  });
}
