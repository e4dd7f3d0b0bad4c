import type { Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { hydrated } from '#tests/browser/support/wait.ts';
import { pages } from '#tests/support/pages.ts';
import { keepPlace } from './forecast-page.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.openMeteo.fault(undefined));

/** Returns the running animations and the elements with transitions. */
function movements(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const running = document
      .getAnimations()
      .map((animation) => `animation: ${Reflect.get(animation, 'animationName')}`);
    const transitions = [...document.querySelectorAll('*')]
      .filter((element) => /[1-9]/.test(getComputedStyle(element).transitionDuration))
      .map((element) => `transition: ${element.outerHTML.slice(0, 80)}`);
    return [...running, ...transitions];
  });
}

/** Opens the weather page and returns it while it waits for a forecast and shows the skeleton. */
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

test('with reduced motion, no page has animations or transitions', { timeout: 60_000 }, async () => {
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

test('the skeleton is animated, but not with reduced motion', async () => {
  expect(await movements(await waitingForForecast('reduce', '10.71'))).toEqual([]);
  product().upstreams.openMeteo.fault(undefined);
  const moving = await movements(await waitingForForecast('no-preference', '10.81'));
  expect(new Set(moving)).toEqual(new Set(['animation: skeleton']));
});
