import { expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { readFailure } from '#tests/browser/support/failure-panel.ts';
import { callsOf } from '#tests/browser/support/requests.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, hydrated } from '#tests/browser/support/wait.ts';
import { defaultPlace, warmForecast } from '#tests/examples/weather/warm-forecast.ts';
import { bearer, keys, serviceKeys } from '#tests/rate-limit/keys.ts';
import { dailyTable } from './forecast-page.ts';

const windowSeconds = 10;
const { visit, product } = withBrowser({
  RATE_LIMITS: `light=10000/60,upstream=2/${windowSeconds},mail=1000/3600`,
  SERVICE_KEYS: serviceKeys,
});

test('a rate-limited forecast counts down to the retry, and the retry works', async () => {
  const { page, requests, expectProblem } = await visit();
  expectProblem(/^429: POST \/api\/trpc\/weather\.forecast/);
  // A service has a rate limit of its own.
  await warmForecast(product(), defaultPlace, bearer(keys.reader));
  // The server makes the first call of the window when it renders the page.
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  await page.getByRole('button', { name: 'Show °F and mph' }).click();
  await page.getByRole('button', { name: 'Show °C and km/h' }).waitFor();
  await dailyTable(page).waitFor();
  await page.getByRole('button', { name: 'Show 16 days' }).click();

  const { reason } = await readFailure(page.getByRole('main').getByRole('alert'));
  expect(reason).toBe('rate_limited');
  const retry = page.getByRole('button', { name: 'Try again' });
  expect(await retry.isDisabled()).toBe(true);
  const left = async () => Number(/in (\d+) seconds?$/.exec((await retry.textContent()) ?? '')?.[1] ?? 0);
  // Not "Try againin 9 seconds": innerText has the space only if it is shown.
  expect(await retry.innerText()).toMatch(/^Try again in \d/);
  const first = await left();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(windowSeconds);
  await screenshot(page, 'rate-limit-countdown');
  await expect.poll(left, { timeout: 10_000 }).toBeLessThan(first);
  const before = callsOf(requests, 'weather.forecast').length;

  await expect.poll(() => retry.isEnabled(), { timeout: 2 * windowSeconds * 1000 }).toBe(true);
  expect(await retry.textContent()).toBe('Try again');
  // The page sent nothing before the end of the countdown.
  expect(callsOf(requests, 'weather.forecast')).toHaveLength(before);
  await retry.click();
  await becomes(() => dailyTable(page).getByRole('row').count(), 17);
  expect(await page.getByRole('main').getByRole('alert').count()).toBe(0);
});

test('the HTML of a rate-limited page has the error and a link to try again', async () => {
  const { page, allowProblem } = await visit({ javaScriptEnabled: false });
  allowProblem(/^429: /);
  const alert = page.getByRole('main').getByRole('alert');
  await becomes(async () => {
    await page.goto('/weather');
    return alert.count();
  }, 1);
  expect((await readFailure(alert)).reason).toBe('rate_limited');
  await page.getByRole('link', { name: 'Try again' }).waitFor();
  await screenshot(page, 'rate-limit-html');
});
