import { afterEach, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { readFailure } from '#tests/browser/support/failure-panel.ts';
import { callsOf, trpcCalls } from '#tests/browser/support/requests.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, hydrated, reads, settled } from '#tests/browser/support/wait.ts';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { dailyTable, hourlyTable } from './forecast-page.ts';

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

test('Enter chooses the best match in the list, whose name is in the language of the visitor', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await page.getByRole('combobox').fill('Dublin');
  await page.getByRole('listbox', { name: 'Places found' }).waitFor();
  await page.getByRole('combobox').press('Enter');
  await page.getByRole('heading', { name: /^Dublin, .*Irland$/ }).waitFor();
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

test('a place can be found and chosen with the keyboard only', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  const field = page.getByRole('combobox', { name: 'Place' });
  await hydrated(field);
  await field.focus();
  await page.keyboard.type('Li');
  const matches = page.getByRole('listbox', { name: 'Places found' }).getByRole('option');
  await matches.nth(1).waitFor();
  expect(await field.getAttribute('aria-expanded')).toBe('true');
  const highlighted = async () => {
    const id = await field.getAttribute('aria-activedescendant');
    return page.evaluate((name) => document.getElementById(name ?? '')?.textContent, id);
  };
  expect(await highlighted()).toBe(await matches.first().innerText());
  await page.keyboard.press('ArrowDown');
  await becomes(highlighted, await matches.nth(1).innerText());
  await page.keyboard.press('ArrowUp');
  await screenshot(page, 'keyboard-match');

  await page.keyboard.press('Escape');
  await becomes(() => field.getAttribute('aria-expanded'), 'false');
  await page.keyboard.type('sb');
  await matches.filter({ hasText: 'Lisbon, Portugal' }).waitFor();
  await page.keyboard.press('Enter');
  await reads(page.getByRole('main'), 'All times are in Europe/Lisbon.');
});

test('the units and the table of hours work with the keyboard', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox', { name: 'Place' }));
  await page.getByRole('button', { name: 'Show °F and mph' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
  await page.locator('summary').focus();
  await page.keyboard.press('Space');
  await hourlyTable(page).waitFor();
});
