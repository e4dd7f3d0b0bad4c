import { expect } from 'vitest';
import { expectNoViolations } from '#tests/browser/support/axe.ts';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { pageLoads, trpcCalls } from '#tests/browser/support/requests.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { headed, hydrated, reads, settled } from '#tests/browser/support/wait.ts';
import { dailyTable } from './forecast-page.ts';

const { visit } = withBrowser();

test('the HTML contains the forecast, and the browser makes no call', async () => {
  const { page, requests } = await visit();
  const response = await page.goto('/weather');
  expect(await response?.text()).toContain('All times are in');
  await hydrated(page.getByRole('combobox'));
  await settled(page);
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  expect(await dailyTable(page).getByRole('row').count()).toBe(8);
  await reads(page.getByRole('main'), 'All times are in Europe/Berlin.');
  expect(trpcCalls(requests)).toEqual([]);
  await screenshot(page, 'weather');
});

test('a navigation to the page includes the forecast', async () => {
  const { page, requests } = await visit();
  await page.goto('/');
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Weather' });
  await hydrated(link);
  await link.click();
  await headed(page, 'Weather');
  await dailyTable(page).waitFor();
  await settled(page);
  expect(trpcCalls(requests)).toEqual([]);
  expect(pageLoads(requests)).toHaveLength(1);
});

test('the page says that its forecast is synthetic, and links to the source', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await page.getByText('This forecast is synthetic. The product runs with its offline stand-in.').waitFor();
  const attribution = page.getByRole('link', { name: 'Synthetic weather for offline use, not a forecast' });
  expect(await attribution.getAttribute('href')).toBe('https://open-meteo.com/');
});

test('the units switch at once and are stored', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  // Not today's row, which may change at midnight between two readings.
  const row = dailyTable(page).getByRole('row').nth(2);
  const day = await row.getByRole('rowheader').innerText();
  const sameDay = dailyTable(page)
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: day, exact: true }) });
  const high = async () => Number.parseFloat(await sameDay.getByRole('cell').nth(2).innerText());
  const celsius = await high();
  await reads(page.getByRole('main'), /\d °C.*\d km\/h/s);

  await hydrated(page.getByRole('combobox'));
  const stored = page.waitForResponse('**/weather/choose');
  await page.getByRole('button', { name: 'Show °F and mph' }).click();
  await reads(page.getByRole('main'), /\d °F.*\d mph/s);
  expect(await high()).toBeCloseTo((celsius * 9) / 5 + 32, 0);
  expect(await page.getByRole('main').innerText()).not.toMatch(/\d °C|\d km\/h/);
  await screenshot(page, 'weather-imperial');

  await stored;
  await page.reload();
  await reads(page.getByRole('main'), /\d °F.*\d mph/s);
  await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
});

test('axe finds no violations with open matches and an open table', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  const search = page.getByRole('combobox');
  await hydrated(search);
  await page.getByText('Show the hours as a table').click();
  await dailyTable(page).waitFor();
  await search.fill('Lisb');
  await page.getByRole('option').first().waitFor();
  await expectNoViolations(page);
});
