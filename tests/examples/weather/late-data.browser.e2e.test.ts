import { afterEach, beforeEach, describe, expect } from 'vitest';
import { productTagline } from '#server/config/product-name.ts';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { watchShifts } from '#tests/browser/support/layout-shift.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { headed, reads } from '#tests/browser/support/wait.ts';
import { dailyTable, keepPlace } from './forecast-page.ts';
import { untilHealthy } from './until-healthy.ts';

const { visit, product } = withBrowser({});

beforeEach(() => untilHealthy(product()));
afterEach(() => product().upstreams.openMeteo.fault(undefined));

describe('a page does not wait for an upstream that hangs', () => {
  // Loaded once: a second load would share the call that hangs, and could get its failure in time.
  test('the start page', async () => {
    const { page } = await visit();
    product().upstreams.openMeteo.fault({ kind: 'hang' });
    await page.goto('/');
    await headed(page, productTagline);
    // The page would have the failure if it had waited.
    await page.getByRole('heading', { name: 'The response is late' }).waitFor();
    expect(await page.getByRole('main').getByRole('alert').count()).toBe(0);
    for (const width of [320, 1440]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await screenshot(page, `late-start-page-${width}-${colorScheme}`);
      }
    }
  });

  test('the weather page', async () => {
    const { page, expectProblem } = await visit({ viewport: { width: 320, height: 900 } });
    expectProblem(/^504: POST \/api\/trpc\/weather\.forecast/);
    await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: '5.32' });
    product().upstreams.openMeteo.fault({ kind: 'hang' });
    const response = await page.goto('/weather');
    expect(await response?.text()).toContain('Loading the forecast');
    await page.getByRole('status').filter({ hasText: 'Loading the forecast' }).waitFor();
    await screenshot(page, 'late-forecast');

    await page.getByText('Trying again…').waitFor({ timeout: 20_000 });
    await screenshot(page, 'late-forecast-retry');
    const alert = page.getByRole('main').getByRole('alert');
    await alert.waitFor({ timeout: 25_000 });
    await reads(alert, 'Weather data is unavailable right now.');
    product().upstreams.openMeteo.fault(undefined);
    await untilHealthy(product());
    await page.getByRole('button', { name: 'Try again' }).click();
    await dailyTable(page).waitFor();
  }, 60_000);
});

test('a slow forecast arrives after the page', async () => {
  const { page } = await visit({});
  const shifts = await watchShifts(page);
  await keepPlace(page, { name: 'Tromsø', lat: '69.65', lng: '18.96' });
  product().upstreams.openMeteo.fault({ kind: 'delay', ms: 2_500 });
  const response = await page.goto('/weather');
  expect(await response?.text()).toContain('Loading the forecast');
  await dailyTable(page).waitFor();
  expect(await shifts()).toEqual([]);
  expect(
    product().upstreams.openMeteo.requests.filter(({ url, body }) => `${url}${body}`.includes('69.65')),
  ).toHaveLength(1);
});
