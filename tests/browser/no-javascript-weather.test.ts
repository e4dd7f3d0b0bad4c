import { afterEach, expect } from 'vitest';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { dailyTable, hourlyTable, keepPlace } from './support/forecast.ts';
import { screenshot } from './support/screenshot.ts';
import { headed } from './support/wait.ts';

const { visit, product } = withBrowser({});
const visitWithoutJavaScript = () => visit({ javaScriptEnabled: false });

afterEach(() => {
  product().upstreams.geocoding.fault(undefined);
  product().upstreams.openMeteo.fault(undefined);
});

test('the weather is complete and visible as sent', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await headed(page, 'Weather');
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  const days = dailyTable(page).getByRole('row');
  expect(await days.count()).toBe(8);
  for (const day of await days.all()) expect(await day.isVisible()).toBe(true);
  await page.getByRole('img', { name: 'The next 48 hours' }).waitFor();
  await page.getByText('The hours as a table').click();
  expect(await hourlyTable(page).getByRole('row').count()).toBe(49);
  await page.getByText('These numbers are made up').waitFor();
  await page.getByRole('link', { name: 'Synthetic weather for offline use' }).waitFor();
  expect(await page.getByText('Loading the forecast').count()).toBe(0);
  await screenshot(page, 'no-javascript-weather');
});

test('a search takes the best hit and keeps it, with the place in no URL', async () => {
  const { page, requests } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('Lisb');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await page.getByText('Times are those of Europe/Lisbon.').waitFor();
  await screenshot(page, 'no-javascript-search');
  await page.reload();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  const urls = [page.url(), ...requests.map((request) => request.url())];
  expect(urls.filter((url) => /lisb|38\.7|9\.1[34]/i.test(url))).toEqual([]);
});

test('units are switched by a form, and back', async () => {
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

test('more days are shown by a form', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('button', { name: 'Show 16 days' }).click();
  await page.getByRole('heading', { name: 'The next 16 days' }).waitFor();
  expect(await dailyTable(page).getByRole('row').count()).toBe(17);
  await page.getByRole('button', { name: 'Show 7 days' }).waitFor();
});

test('a search without a hit says so and keeps the place', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('Xyzzyville');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('No place of this name was found.').waitFor();
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  expect(page.url()).not.toMatch(/xyzzy/i);
});

test('a search of blanks answers with the page', async () => {
  const { page } = await visitWithoutJavaScript();
  await page.goto('/weather');
  await page.getByRole('searchbox').fill('   ');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Search' }).click();
  await loaded;
  expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Weather']);
});

test('a search that fails answers with the page and the reason', async () => {
  const { page, allowProblem } = await visitWithoutJavaScript();
  allowProblem(/^50[234]: POST \/weather\/choose/);
  await page.goto('/weather');
  product().upstreams.geocoding.fault({ kind: 'status', status: 500 });
  await page.getByRole('searchbox').fill('Reykjav');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Search' }).click();
  await loaded;
  expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Weather']);
  const failure = page.getByRole('alert').filter({ hasText: 'A service this answer depends on' });
  expect(await failure.isVisible()).toBe(true);
});

test('a forecast that fails shows its reason and a way to try again', async () => {
  const { page } = await visitWithoutJavaScript();
  await keepPlace(page, { name: 'Bergen', lat: '60.39', lng: '5.32' });
  product().upstreams.openMeteo.fault({ kind: 'status', status: 500 });
  await page.goto('/weather');
  const { reason, requestId } = await readFailure(page.getByRole('alert'));
  expect(reason).toBe('upstream_bad_answer');
  expect(product().log()).toContain(requestId);
  await screenshot(page, 'no-javascript-failed');

  product().upstreams.openMeteo.fault(undefined);
  await page.getByRole('link', { name: 'Try again' }).click();
  await dailyTable(page).waitFor();
});
