import { afterEach, expect } from 'vitest';
import { z } from 'zod';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { readFailure } from '#tests/browser/support/failure-panel.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, headed } from '#tests/browser/support/wait.ts';
import { defaultPlace, warmForecast } from '#tests/examples/weather/warm-forecast.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { dailyTable, hourlyTable, keepPlace } from './forecast-page.ts';
import { untilHealthy } from './until-healthy.ts';

const { visit, product } = withBrowser({});
const visitWithoutJavaScript = () => visit({ javaScriptEnabled: false });

afterEach(() => {
  product().upstreams.geocoding.fault(undefined);
  product().upstreams.openMeteo.fault(undefined);
});

/** Fetches a forecast until it succeeds, because the first call can share one that hangs. */
async function untilWarm(place: { lat: number; lng: number }): Promise<void> {
  await untilHealthy(product());
  const isWarm = () =>
    warmForecast(product(), place).then(
      () => true,
      () => false,
    );
  await becomes(isWarm, true);
}

test('the HTML contains the complete, visible forecast', async () => {
  await warmForecast(product());
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await headed(page, 'Weather');
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  const days = dailyTable(page).getByRole('row');
  expect(await days.count()).toBe(8);
  for (const day of await days.all()) expect(await day.isVisible()).toBe(true);
  await page.getByRole('img', { name: 'The next 48 hours' }).waitFor();
  // The current hour is read out. Only a script could read out others.
  expect(await page.locator('output').innerText()).toMatch(/\d °C/);
  expect(await page.getByRole('slider').count()).toBe(0);
  await page.getByText('Show the hours as a table').click();
  expect(await hourlyTable(page).getByRole('row').count()).toBe(49);
  await page.getByText('This forecast is synthetic.').waitFor();
  await page.getByRole('link', { name: 'Synthetic weather for offline use' }).waitFor();
  expect(await page.getByText('Loading the forecast').count()).toBe(0);
  await screenshot(page, 'no-javascript-weather');
});

test('a search chooses the best match and stores it, and no URL contains the place', async () => {
  const lisbon = z
    .tuple([z.object({ lat: z.number(), lng: z.number() })])
    .parse(await resultOf(await post(product(), 'weather.places', { name: 'Lisb', count: 1 })));
  await warmForecast(product(), lisbon[0]);
  const { page, requests } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('Lisb');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await page.getByText('All times are in Europe/Lisbon.').waitFor();
  await screenshot(page, 'no-javascript-search');
  await page.reload();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  const urls = [page.url(), ...requests.map((request) => request.url())];
  expect(urls.filter((url) => /lisb|38\.7|9\.1[34]/i.test(url))).toEqual([]);
});

test('a form switches the units and back', async () => {
  await warmForecast(product());
  await warmForecast(product(), { ...defaultPlace, units: 'imperial' });
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('button', { name: 'Show °F and mph' }).click();
  await page
    .getByText(/\d mph/)
    .first()
    .waitFor();
  expect(await page.getByRole('main').innerText()).not.toMatch(/\d km\/h/);
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  await page.getByRole('button', { name: 'Show °C and km/h' }).click();
  await page
    .getByText(/\d km\/h/)
    .first()
    .waitFor();
});

test('a form shows more days', async () => {
  await warmForecast(product(), { ...defaultPlace, days: 16 });
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('button', { name: 'Show 16 days' }).click();
  await page.getByRole('heading', { name: 'The next 16 days' }).waitFor();
  expect(await dailyTable(page).getByRole('row').count()).toBe(17);
  await page.getByRole('button', { name: 'Show 7 days' }).waitFor();
});

test('a search without a match shows a message and keeps the place', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('Xyzzyville');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('No place with this name was found.').waitFor();
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  expect(page.url()).not.toMatch(/xyzzy/i);
});

test('a search for spaces returns the page', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('   ');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Search' }).click();
  await loaded;
  expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Weather']);
});

test('a failed search returns the page and the reason', async () => {
  const { page, allowProblem } = await visitWithoutJavaScript();
  allowProblem(/^50[234]: POST \/weather\/choose/);
  await page.goto('/weather');
  product().upstreams.geocoding.fault({ kind: 'status', status: 500 });
  await page.getByRole('searchbox').fill('Reykjav');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Search' }).click();
  await loaded;
  expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Weather']);
  const failure = page
    .getByRole('alert')
    .filter({ hasText: 'The search for places is unavailable right now.' });
  expect(await failure.isVisible()).toBe(true);
});

test('a failed forecast shows its reason and a link to try again', async () => {
  const { page } = await visitWithoutJavaScript();
  await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: '5.32' });
  product().upstreams.openMeteo.fault({ kind: 'status', status: 500 });
  // On a busy machine the failure may be too late for the first HTML.
  await becomes(async () => {
    await page.goto('/weather');
    return page.getByRole('alert').count();
  }, 1);
  const alert = page.getByRole('alert');
  expect(await alert.innerText()).toContain('Weather data is unavailable right now.');
  const { reason, requestId } = await readFailure(alert);
  expect(reason).toBe('upstream_bad_answer');
  expect(product().log()).toContain(requestId);
  await screenshot(page, 'no-javascript-failed');

  product().upstreams.openMeteo.fault(undefined);
  await untilWarm({ lat: 60.39, lng: 5.32 });
  await page.getByRole('link', { name: 'Try again' }).click();
  await dailyTable(page).waitFor();
});

test('a late forecast does not delay the page, which offers to try again', async () => {
  const { page } = await visitWithoutJavaScript();
  await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: '5.33' });
  product().upstreams.openMeteo.fault({ kind: 'hang' });
  await page.goto('/weather');
  await page.getByRole('heading', { name: 'Bergen' }).waitFor();
  const main = page.getByRole('main');
  expect(await main.innerText()).toContain('The forecast is taking longer than usual. Try again');
  expect(await page.getByText('Loading the forecast').isVisible()).toBe(false);
  await screenshot(page, 'no-javascript-late-forecast');

  product().upstreams.openMeteo.fault(undefined);
  await untilWarm({ lat: 60.39, lng: 5.33 });
  await page.getByRole('link', { name: 'Try again' }).click();
  await dailyTable(page).waitFor();
});
