import { describe, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { callsOf } from '#tests/browser/support/requests.ts';
import { becomes, hydrated, settled } from '#tests/browser/support/wait.ts';
import { dailyTable } from './forecast-page.ts';

const { visit, product } = withBrowser();

const lisbonLink = '/weather?place=Lisbon%2C+Portugal';

describe('a link to a place', () => {
  test('is copied with the public name, never the coordinates, and opens the place elsewhere', async () => {
    const { page } = await visit({
      permissions: ['clipboard-read', 'clipboard-write'],
      locale: 'en-US',
    });
    await page.goto('/weather');
    const search = page.getByRole('combobox');
    await hydrated(search);
    await search.fill('Lisb');
    await page.getByRole('option', { name: 'Lisbon, Portugal' }).click();
    await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
    await page.getByRole('link', { name: 'Share this place' }).click();
    await page.getByRole('link', { name: 'Link copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      `${product().baseUrl}${lisbonLink}`,
    );
    expect(page.url()).toBe(`${product().baseUrl}/weather`);

    const elsewhere = await visit({});
    await elsewhere.page.goto(lisbonLink);
    await elsewhere.page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
    const preview = elsewhere.page.locator('meta[property="og:title"]');
    expect(await preview.getAttribute('content')).toBe('Weather in Lisbon, Portugal');
    // A link is not a choice: it does not replace the place of the next visit.
    await elsewhere.page.goto('/weather');
    await elsewhere.page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  });

  test('works without JavaScript, and its place stays when the units change', async () => {
    const { page } = await visit({ javaScriptEnabled: false });
    await page.goto('/weather');
    await page.getByRole('link', { name: 'Share this place' }).click();
    await page.waitForURL('/weather?place=Berlin%2C+Germany&language=de');
    await page.goto(lisbonLink);
    await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
    await page.getByRole('button', { name: 'Show °F and mph' }).click();
    await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
    await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
    expect(page.url()).toBe(`${product().baseUrl}/weather`);
  });

  test('to a place that does not exist says so and shows the chosen place', async () => {
    const { page } = await visit();
    await page.goto('/weather?place=Xyzzyville');
    await page.getByText('No place with this name was found.').waitFor();
    await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  });

  test('leaves the address when another place is chosen, and comes back with Back', async () => {
    const { page } = await visit({});
    await page.goto(lisbonLink);
    const search = page.getByRole('combobox');
    await hydrated(search);
    await search.fill('Dublin');
    await page.getByRole('option', { name: /^Dublin/ }).click();
    await page.getByRole('heading', { name: /^Dublin/ }).waitFor();
    await becomes(() => page.url(), `${product().baseUrl}/weather`);
    await page.goBack();
    await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
    await becomes(() => page.url(), `${product().baseUrl}${lisbonLink}`);
  });
});

test('Back and Forward lead through the chosen places, and no URL contains one', async () => {
  const { page, requests } = await visit({});
  await page.goto('/weather');
  const search = page.getByRole('combobox');
  await hydrated(search);
  for (const [text, name] of [
    ['Lisb', 'Lisbon, Portugal'],
    ['Dubl', 'Dublin'],
  ] as const) {
    await search.fill(text);
    await page.getByRole('option', { name }).first().click();
    await page.getByRole('heading', { name }).waitFor();
  }
  // The units are not a place: Back does not return to them.
  await page.getByRole('button', { name: 'Show °F and mph' }).click();

  const stored = page.waitForResponse('**/weather/choose');
  await page.goBack();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
  await stored;
  await settled(page);
  const before = callsOf(requests, 'weather.forecast').length;
  await page.reload();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await hydrated(search);
  await dailyTable(page).waitFor();
  expect(callsOf(requests, 'weather.forecast')).toHaveLength(before);

  await page.goBack();
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  await page.goForward();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  const urls = [page.url(), ...requests.map((request) => request.url())];
  expect(urls.filter((url) => /lisb|dubl|38\.7|9\.1[34]|53\.3/i.test(url))).toEqual([]);
});
