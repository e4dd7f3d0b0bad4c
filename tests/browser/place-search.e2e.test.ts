import { afterEach, expect } from 'vitest';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { dailyTable } from './support/forecast.ts';
import { callsOf, trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { hydrated, reads, settled } from './support/wait.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.geocoding.fault(undefined));

test('a place can be searched, chosen and stored, and no URL contains it', async () => {
  const { page, requests } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await page.getByRole('combobox').pressSequentially('Lisb');
  const match = page
    .getByRole('listbox', { name: 'Places found' })
    .getByRole('option', { name: 'Lisbon, Portugal' });
  await match.waitFor();
  await screenshot(page, 'weather-search');

  const stored = page.waitForResponse('**/weather/choose');
  await match.click();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await reads(page.getByRole('main'), 'All times are in Europe/Lisbon.');
  expect(await page.getByRole('combobox').inputValue()).toBe('');
  expect(await page.getByRole('listbox', { name: 'Places found' }).count()).toBe(0);

  expect(callsOf(requests, 'weather.places').length).toBeGreaterThan(0);
  expect(callsOf(requests, 'weather.forecast')).toHaveLength(1);
  expect(new Set(trpcCalls(requests).map((request) => request.method()))).toEqual(new Set(['POST']));

  await stored;
  const before = trpcCalls(requests).length;
  await page.reload();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await reads(page.getByRole('main'), 'All times are in Europe/Lisbon.');
  await hydrated(page.getByRole('combobox'));
  await settled(page);
  expect(trpcCalls(requests)).toHaveLength(before);

  const urls = [...requests.map((request) => request.url()), page.url()];
  expect(urls.filter((url) => /lisb|38\.7|9\.1[34]/i.test(url))).toEqual([]);
});

test('a search without a match shows a message', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await page.getByRole('combobox').fill('Xyzzyville');
  await page.getByText('No place with this name was found.').waitFor();
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  await screenshot(page, 'weather-no-match');
});

test('Enter chooses the best match in the list', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await page.getByRole('combobox').fill('Dublin');
  await page.getByRole('listbox', { name: 'Places found' }).waitFor();
  await page.getByRole('combobox').press('Enter');
  await page.getByRole('heading', { name: /^Dublin/ }).waitFor();
});

test('Enter before the matches arrive chooses the best match when they do', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  product().upstreams.geocoding.fault({ kind: 'delay', ms: 500 });
  await page.getByRole('combobox').fill('Nairobi');
  await page.getByRole('combobox').press('Enter');
  await page.getByRole('heading', { name: /^Nairobi/ }).waitFor();
});

test('a failed search shows the reason and keeps the forecast', async () => {
  const { page, expectProblem } = await visit();
  expectProblem(/^50\d: POST \/api\/trpc\/weather\.places/);
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await addSuccesses(product(), 'weather.places', 16);
  product().upstreams.geocoding.fault({ kind: 'status', status: 500 });
  await page.getByRole('combobox').fill('Reykjav');
  const { reason, requestId } = await readFailure(page.getByRole('search').getByRole('alert'));
  expect(reason).toBe('upstream_bad_answer');
  expect(product().log()).toContain(requestId);
  await dailyTable(page).waitFor();
  await screenshot(page, 'weather-search-failed');

  product().upstreams.geocoding.fault(undefined);
  await page.getByRole('combobox').fill('Reykjavik');
  await page
    .getByRole('listbox', { name: 'Places found' })
    .getByRole('option', { name: /^Reykjav/ })
    .waitFor();
});
