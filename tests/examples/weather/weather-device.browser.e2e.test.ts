import type { BrowserContext } from 'playwright-core';
import { afterEach, describe, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { callsOf, trpcCalls } from '#tests/browser/support/requests.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, hydrated, reads } from '#tests/browser/support/wait.ts';
import { dailyTable } from './forecast-page.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.openMeteo.fault(undefined));

/** A position with many decimals. The browser must not send them. */
const vienna = { latitude: 48.208_174_3, longitude: 16.373_819_1 };

describe('the location of the device', () => {
  async function visitWith(permissions: string[], prepare?: (context: BrowserContext) => Promise<unknown>) {
    const visited = await visit({ permissions, geolocation: vienna });
    await prepare?.(visited.page.context());
    await visited.page.goto('/weather');
    const button = visited.page.getByRole('button', { name: 'Use my location' });
    await hydrated(button);
    return { ...visited, button };
  }

  test('is requested only by the button and is rounded before it leaves the browser', async () => {
    const { page, requests, button } = await visitWith(['geolocation']);
    expect(callsOf(requests, 'weather.forecast')).toEqual([]);
    await button.click();
    await page.getByRole('heading', { name: 'My location' }).waitFor();
    expect(await page.getByRole('link', { name: 'Share this place' }).count()).toBe(0);
    await reads(page.getByRole('main'), 'All times are in Europe/Vienna.');
    const sent = requests.map((request) => `${request.url()} ${request.postData() ?? ''}`).join('\n');
    expect(sent).toContain('48.21');
    expect(sent).not.toMatch(/48\.208|16\.373/);
    await screenshot(page, 'weather-location');
  });

  test('shows an error if the visitor denies it, and keeps the forecast', async () => {
    const { page, button } = await visitWith([]);
    await button.click();
    await reads(page.getByRole('main').getByRole('alert'), 'does not share your location with this site');
    await dailyTable(page).waitFor();
    await screenshot(page, 'weather-location-denied');
  });

  test.each([
    [2, 'could not determine its location'],
    [3, 'took too long'],
  ])('shows an error if it fails with code %i', async (code, text) => {
    const { page, button } = await visitWith(['geolocation'], (context) =>
      context.addInitScript((failure) => {
        navigator.geolocation.getCurrentPosition = (_, fail) => {
          fail?.(Object.create(GeolocationPositionError.prototype, { code: { value: failure } }));
        };
      }, code),
    );
    await button.click();
    await reads(page.getByRole('main').getByRole('alert'), text);
  });
});

test('places can be saved on the device and chosen again, and are not sent anywhere', async () => {
  const { page, requests } = await visit();
  await page.goto('/weather');
  const save = page.getByRole('button', { name: 'Save this place' });
  await hydrated(save);
  await save.click();
  await page.getByRole('button', { name: '★ Saved', pressed: true }).waitFor();
  await page.getByRole('combobox').fill('Lisb');
  await page.getByRole('option', { name: 'Lisbon, Portugal' }).click();
  await page.getByRole('heading', { name: 'Lisbon, Portugal' }).waitFor();
  await page.reload();
  const saved = page.getByRole('list', { name: 'Saved places' }).getByRole('button');
  await becomes(() => saved.allInnerTexts(), ['Berlin, Germany']);
  await saved.click();
  await page.getByRole('heading', { name: 'Berlin, Germany' }).waitFor();
  await page.getByRole('button', { name: '★ Saved' }).click();
  await becomes(() => saved.count(), 0);
  expect(trpcCalls(requests).every((request) => request.method() === 'POST')).toBe(true);
});

test('the chart has a table with the same hours', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  const chart = page.getByRole('img', { name: 'The next 48 hours' });
  await chart.waitFor();
  expect(await chart.locator('desc').textContent()).toMatch(/Temperature from -?[\d.]+ to -?[\d.]+ °C/);
  await page.getByText('Show the hours as a table').click();
  await page.getByRole('columnheader', { name: 'Chance' }).waitFor();
  expect(
    await page
      .getByRole('row')
      .filter({ hasText: /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:00/ })
      .count(),
  ).toBe(48);
});

test('the page shows that the browser is offline, and recovers when it is online again', async () => {
  const { page, allowProblem } = await visit();
  allowProblem(/ERR_INTERNET_DISCONNECTED/);
  await page.goto('/weather');
  const search = page.getByRole('combobox');
  await hydrated(search);
  await page.context().setOffline(true);
  await search.fill('Madrid');
  await reads(page.getByRole('search').getByRole('alert'), 'You are offline.');
  await dailyTable(page).waitFor();
  await screenshot(page, 'weather-offline');
  await page.context().setOffline(false);
  await search.fill('Madri');
  await page.getByRole('option', { name: /^Madrid/ }).waitFor();
});
