import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { test, withBrowser } from '#tests/browser/support/browser.ts';
import { screenshot } from '#tests/browser/support/screenshot.ts';
import { becomes, hydrated } from '#tests/browser/support/wait.ts';
import { dailyTable } from './forecast-page.ts';

const { visit } = withBrowser();

/** Opens the page and returns the slider over the chart and the text that it reads out. */
async function openChart(page: Page) {
  await page.goto('/weather');
  const slider = page.getByRole('slider', { name: 'Hour' });
  await hydrated(slider);
  await slider.scrollIntoViewIfNeeded();
  const value = async () => Number(await slider.inputValue());
  const last = Number(await slider.getAttribute('max'));
  const box = await slider.boundingBox();
  if (!box) throw new Error('the slider is not visible');
  return {
    slider,
    value,
    last,
    /** The point over an hour. */
    pointOf: (index: number) => ({ x: box.x + (box.width * index) / last, y: box.y + box.height / 2 }),
    /** What a screen reader says. It begins with the time that the page shows. */
    async spoken(): Promise<string> {
      const text = (await slider.getAttribute('aria-valuetext')) ?? '';
      expect(await page.locator('output').innerText()).toContain(text.split(': ', 1)[0]);
      return text;
    },
  };
}

describe('an hour of the chart is read out', () => {
  test('with the arrow keys', async () => {
    const { page } = await visit();
    const { slider, value, last, spoken } = await openChart(page);
    const now = await value();
    const first = await spoken();
    expect(first).toMatch(
      /^[A-Z][a-z]{2} \d+, \d\d:00: .+, temperature -?[\d.]+ °C, feels like -?[\d.]+ °C, .+ mm.*, chance \d+ %, wind [\d.]+ km\/h/,
    );
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await becomes(value, now + 1);
    expect(await spoken()).not.toBe(first);
    await page.keyboard.press('ArrowLeft');
    await becomes(spoken, first);
    await page.keyboard.press('End');
    await becomes(value, last);
    await page.keyboard.press('Home');
    await becomes(value, 0);
    await screenshot(page, 'weather-readout-keyboard');
  });

  test('under a mouse that moves over it, until it leaves; a click keeps the hour', async () => {
    const { page } = await visit();
    const { value, pointOf } = await openChart(page);
    const now = await value();
    await page.mouse.move(pointOf(20).x, pointOf(20).y);
    await becomes(value, 20);
    await screenshot(page, 'weather-readout-mouse');
    await page.mouse.move(0, 0);
    await becomes(value, now);
    await page.mouse.click(pointOf(30).x, pointOf(30).y);
    await page.mouse.move(0, 0);
    await becomes(value, 30);
  });

  test('under a finger', async () => {
    const options = { hasTouch: true, viewport: { width: 390, height: 844 }, locale: 'en-US' };
    const { page } = await visit(options);
    const { value, pointOf, spoken } = await openChart(page);
    // In the United States the day has 12 hours.
    expect(await spoken()).toMatch(/^[A-Z][a-z]{2} \d+, \d+:00 [AP]M: /);
    await page.touchscreen.tap(pointOf(40).x, pointOf(40).y);
    await becomes(value, 40);
    await screenshot(page, 'weather-readout-touch');
  });
});

test('a table says that it scrolls where it does, and only there', async () => {
  const { page } = await visit();
  await page.goto('/weather');
  await page.getByText('Show the hours as a table').click();
  await dailyTable(page).waitFor();
  const tables = page.locator('.table-frame');
  for (const width of [320, 768, 800, 900, 1024, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const found = await tables.evaluateAll((frames) =>
      frames.map((frame) => {
        const region = frame.querySelector('section');
        const hint = frame.querySelector('p');
        return {
          scrolls: region !== null && region.scrollWidth > region.clientWidth,
          says: hint?.checkVisibility() ?? false,
        };
      }),
    );
    expect(found).toHaveLength(2);
    for (const { scrolls, says } of found) expect(says, `${width} px`).toBe(scrolls);
    if (width === 320) expect(found.every(({ says }) => says)).toBe(true);
  }
});
