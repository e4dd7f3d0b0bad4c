import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { readFailure } from '#tests/browser/support/failure-panel.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, reads } from '#tests/browser/support/wait.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { dailyTable, keepPlace } from './forecast-page.ts';
import { untilHealthy } from './until-healthy.ts';

const { visit, product } = withBrowser({});
const weatherFailure = /^50\d: POST \/api\/trpc\/weather\.forecast/;

beforeEach(async () => {
  await untilHealthy(product());
  await addSuccesses(product(), 'weather.forecast', 16);
});
afterEach(() => product().upstreams.openMeteo.fault(undefined));

/** Loads the page and returns its HTML. */
async function htmlOf(page: Page): Promise<string> {
  const response = await page.goto('/weather');
  return (await response?.text()) ?? '';
}

test('a failure at the first paint shows its reason and request id, and "Try again" loads the forecast', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(weatherFailure);
  product().upstreams.openMeteo.fault({ kind: 'status', status: 500 });
  // On a busy machine the failure may be too late for the first HTML.
  await becomes(async () => (await htmlOf(page)).includes('upstream_bad_answer'), true);
  const retry = page.getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  const alert = page.getByRole('main').getByRole('alert');
  await reads(alert, 'Weather data is unavailable right now.');
  const { reason, requestId } = await readFailure(alert);
  expect(reason).toBe('upstream_bad_answer');
  expect(product().log()).toContain(requestId);
  await screenshot(page, 'weather-failed');

  product().upstreams.openMeteo.fault(undefined);
  await untilHealthy(product());
  await retry.click();
  await dailyTable(page).waitFor();
  expect(await page.getByRole('main').getByRole('alert').count()).toBe(0);
});

test('the browser retries a failure of the server once without a click', async () => {
  const { page } = await visit();
  await keepPlace(page, { name: 'Oslo', lat: '59.91', lng: '10.75' });
  await page.route('**/api/trpc/weather.forecast*', async (route) => {
    product().upstreams.openMeteo.fault(undefined);
    await route.continue();
  });
  await becomes(async () => {
    product().upstreams.openMeteo.fault({ kind: 'status', status: 500 });
    return (await htmlOf(page)).includes('upstream_bad_answer');
  }, true);
  await dailyTable(page).waitFor();
});

test('an upstream that resets the connection is shown as unreachable', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(weatherFailure);
  await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: '5.32' });
  product().upstreams.openMeteo.fault({ kind: 'reset' });
  await page.goto('/weather');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  const { reason } = await readFailure(page.getByRole('main').getByRole('alert'));
  expect(reason).toBe('upstream_unreachable');
});

test('the forecast works without air quality and shows what is missing', async () => {
  const { page } = await visit();
  await keepPlace(page, { name: 'Oslo', lat: '59.91', lng: '10.76' });
  product().upstreams.airQuality.fault({ kind: 'status', status: 500 });
  try {
    await page.goto('/weather');
    await dailyTable(page).waitFor();
    await page.getByRole('status').filter({ hasText: 'Air quality is not available' }).waitFor();
  } finally {
    product().upstreams.airQuality.fault(undefined);
  }
});
