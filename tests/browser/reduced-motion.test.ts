import type { Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { pages } from '#tests/support/pages.ts';
import { test, withBrowser } from './support/browser.ts';
import { keepPlace } from './support/forecast.ts';
import { hydrated } from './support/wait.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.openMeteo.fault(undefined));

/** What moves on the page, or would once it changes. */
function movements(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const running = document
      .getAnimations()
      .map((animation) => `runs: ${Reflect.get(animation, 'animationName')}`);
    const would = [...document.querySelectorAll('*')]
      .filter((element) => /[1-9]/.test(getComputedStyle(element).transitionDuration))
      .map((element) => `would: ${element.outerHTML.slice(0, 80)}`);
    return [...running, ...would];
  });
}

/** The weather page while it waits for a forecast, its skeleton in view. */
async function waitingForForecast(reducedMotion: 'reduce' | 'no-preference', lng: string): Promise<Page> {
  const { page } = await visit({ reducedMotion });
  await keepPlace(page, { name: 'Oslo', lat: '59.91', lng });
  await page.goto('/weather');
  await hydrated(page.getByRole('combobox'));
  product().upstreams.openMeteo.fault({ kind: 'delay', ms: 3_000 });
  await page.getByRole('button', { name: 'Show 16 days' }).click();
  await page.getByRole('status').filter({ hasText: 'Loading the forecast' }).waitFor();
  return page;
}

test('where motion is not wanted, nothing moves on any page', { timeout: 60_000 }, async () => {
  const { page } = await visit({ reducedMotion: 'reduce' });
  const moving: Record<string, string[]> = {};
  for (const path of pages) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const here = await movements(page);
    if (here.length > 0) moving[path] = here;
  }
  expect(moving).toEqual({});
});

test('a skeleton stands still where motion is not wanted, and breathes elsewhere', async () => {
  expect(await movements(await waitingForForecast('reduce', '10.71'))).toEqual([]);
  product().upstreams.openMeteo.fault(undefined);
  const moving = await movements(await waitingForForecast('no-preference', '10.81'));
  expect(new Set(moving)).toEqual(new Set(['runs: skeleton']));
});
