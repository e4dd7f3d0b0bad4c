import { afterEach, describe, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { watchShifts } from '#tests/browser/support/layout-shift.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, headed, hydrated, reads } from '#tests/browser/support/wait.ts';
import { proxyKey } from '#tests/support/proxy-key.ts';
import { dailyTable, keepPlace } from './forecast-page.ts';

const { visit, product } = withBrowser();
/** Longer than 500 ms after a click, within which the browser attributes layout shifts to the click. */
const slow = { kind: 'delay', ms: 2_500 } as const;

afterEach(() => {
  product().upstreams.openMeteo.fault(undefined);
  product().upstreams.github.fault(undefined);
});

describe.each([320, 1440])('%i px wide, the layout does not shift', (width) => {
  const viewport = { width, height: 900 };

  test('while a linked page loads and a skeleton replaces it', async () => {
    const { page } = await visit({ viewport });
    const shifts = await watchShifts(page);
    await page.goto('/posts');
    if (width === 320) await page.getByRole('button', { name: 'Menu' }).click();
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Weather' });
    await hydrated(link);
    await keepPlace(page, { name: 'Oslo', lat: '59.91', lng: String(10 + width / 10_000) });
    product().upstreams.openMeteo.fault(slow);
    const held = Promise.withResolvers<void>();
    await page.route('**/weather?*', async (route) => {
      await held.promise;
      await route.continue();
    });
    await link.click();
    await page.getByRole('status').filter({ hasText: 'The page is loading' }).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(0);
    await screenshot(page, `slow-page-${width}`);
    held.resolve();
    await headed(page, 'Weather');
    await dailyTable(page).waitFor();
    await reads(page.getByRole('main'), 'All times are in');
    expect(await page.getByText('The page is loading').isVisible()).toBe(false);
    expect(await shifts()).toEqual([]);
  });

  test('while a forecast loads', async () => {
    const { page } = await visit({ viewport });
    const shifts = await watchShifts(page);
    await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: String(5 + width / 10_000) });
    await page.goto('/weather');
    await hydrated(page.getByRole('combobox'));
    product().upstreams.openMeteo.fault(slow);
    await page.getByRole('button', { name: 'Show 16 days' }).click();
    await page.getByRole('status').filter({ hasText: 'Loading the forecast' }).waitFor();
    await screenshot(page, `slow-forecast-${width}`);
    await becomes(() => dailyTable(page).getByRole('row').count(), 17);
    expect(await page.getByText('Loading the forecast').count()).toBe(0);
    expect(await shifts()).toEqual([]);
  });

  test('while a call of the explorer runs', async () => {
    const { page } = await visit({ viewport });
    const shifts = await watchShifts(page);
    await page.goto('/proxy');
    const card = page.getByRole('listitem').filter({ hasText: 'proxy.github.renderMarkdown' });
    await hydrated(card.getByRole('button'));
    await card.getByLabel('Service key').fill(proxyKey);
    await card.getByLabel('body.text').fill(`slow ${width}`);
    product().upstreams.github.fault(slow);
    await card.getByRole('button', { name: 'Call' }).click();
    await card.getByText('Waiting for the response').waitFor();
    expect(await card.getByRole('button', { name: 'Calling…' }).isDisabled()).toBe(true);
    await reads(card.locator('pre'), `slow ${width}`);
    expect(await card.getByRole('button', { name: 'Call' }).isEnabled()).toBe(true);
    expect(await shifts()).toEqual([]);
  });
});
